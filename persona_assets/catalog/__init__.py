"""Roles and questions: reading, validating and importing them."""
