"""Cleaning: in, raw text tables; out, clean tables plus everything set aside (quarantine) or doubted (notices)."""
