"""What features and directions do: a stream edited while the model runs, and what comes of it."""
