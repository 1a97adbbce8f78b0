"""A study's published snapshot as a data set for others: written, sent, and read back."""
