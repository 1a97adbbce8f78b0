"""A study as its files say it: settings, roles, questions, and the project folder that holds them."""
