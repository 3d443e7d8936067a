"""Measuring: in, clean tables; out, scores, indicators with their errors, reliability, response and attainment."""
