"""Responses in, sparse pooled SAE activations out. Importing this package loads no torch."""
