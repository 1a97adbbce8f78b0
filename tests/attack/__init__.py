"""Attacks: what hostile or broken input does. `make attack` tries them all, `make test` a seeded tenth."""
