"""Examples of features: what they fire on, and what other roles answer where they are silent."""
