"""Roles in the residual stream that an SAE reads: their vectors, and the axes between them."""
