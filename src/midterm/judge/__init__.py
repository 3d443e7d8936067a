"""Judging: in, estimates; out, adjusted p, verdicts and the evidence matrix, by rules fixed beforehand."""
