"""Where results lie, relative to the evaluation's folder: names that the plan, the tables and the figures share."""

PROCESSED = "data/processed"
PARTS = f"{PROCESSED}/parts"
OPEN = f"{PROCESSED}/open"
PUBLISHED = f"{PROCESSED}/published"
REPORTS = "reports"
TABLES = f"{REPORTS}/tables"
FIGURES = f"{REPORTS}/figures"
BOOKS = ("quarantine", "notices", "reconciliation")  # the tables that say what became of every row and cell
