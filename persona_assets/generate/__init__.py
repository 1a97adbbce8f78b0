"""Prompts to responses: chat prompts as token ids, and one module for each backend that answers them."""
