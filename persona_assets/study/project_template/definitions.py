"""The Dagster code location of this project: every study, and whatever else is below `defs/`."""

from pathlib import Path

import dagster as dg

from persona_assets.definitions import definitions_of


@dg.definitions
def defs() -> dg.Definitions:
    """Return all definitions of the project."""
    return definitions_of(Path(__file__).parent)
