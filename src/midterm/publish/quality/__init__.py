"""The page on data quality: in, the books of reading and cleaning; out, one HTML page per language."""
