"""Publishing: in, the tables of the contract; out, figures and the report."""
