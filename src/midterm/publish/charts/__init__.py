"""Figures: in, the publishable tables; out, charts by name from one registry."""
