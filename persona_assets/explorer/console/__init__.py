"""The explorer's SQL console: each query in a process of its own."""
