"""One snapshot of the warehouse as the explorer asks it."""
