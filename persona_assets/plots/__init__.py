"""Pictures of roles, features and the atlas: pure functions from tables of `schema` to Matplotlib figures."""
