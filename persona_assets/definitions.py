"""The Dagster code location: every study below `defs/`."""

from pathlib import Path

import dagster as dg


@dg.definitions
def defs() -> dg.Definitions:
    """All studies. Steps run in the run's own process, where the models stay loaded."""
    studies = dg.load_from_defs_folder(path_within_project=Path(__file__).parent)
    return dg.Definitions.merge(studies, dg.Definitions(executor=dg.in_process_executor))
