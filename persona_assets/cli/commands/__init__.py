"""The commands, by what they are for. Help is instant: each imports what it needs when it runs."""
