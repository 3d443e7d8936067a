"""The texts for readers: in, the publishable tables; out, report and factsheets as manuscripts, every number by reference."""
