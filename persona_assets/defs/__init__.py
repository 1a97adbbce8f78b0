"""Every folder here with a `defs.yaml` is a study."""
