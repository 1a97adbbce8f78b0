"""The atlas: which features tell roles apart, a map of them, and how roles lie to one another."""
