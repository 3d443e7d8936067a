"""Collect: in, the description of an evaluation; out, the instruments that are handed to the alliances."""
