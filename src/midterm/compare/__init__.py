"""Comparing: in, scores of persons; out, changes between waves and over alliances, not yet judged."""
