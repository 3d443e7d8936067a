"""The explorer: in, the publishable tables and the figures; out, one offline page in which to choose what to see."""
