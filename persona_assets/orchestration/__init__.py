"""What Dagster runs: assets, checks, launchers, and what they tell of a run."""
