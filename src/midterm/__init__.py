"""Reproducible mid-term evaluation of partnership programmes."""
