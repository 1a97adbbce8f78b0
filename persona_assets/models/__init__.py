"""Language models and SAEs as somebody gives them: found, identified, loaded, and refused by name."""
