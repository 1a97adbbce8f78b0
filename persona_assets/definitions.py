"""The Dagster code location: every study of the project folder."""

import warnings
from pathlib import Path

import dagster as dg

from persona_assets.base.project import import_from, project
from persona_assets.components.studies import load_studies

# Dagster tells for each asset which of its own classes are in beta: 2,000 lines of one `dg launch`.
for told in (dg.BetaWarning, dg.PreviewWarning):
    warnings.filterwarnings("ignore", category=told, module=r"dagster\b")


@dg.definitions
def defs() -> dg.Definitions:
    """Return all studies of the project that this process works on."""
    place = project()
    import_from(place)
    return definitions_of(place)


def definitions_of(place: Path) -> dg.Definitions:
    """Return what the project that holds `place` defines, and what follows new roles in every project.

    Steps run in the run's own process, where the models stay loaded.
    """
    studies = load_studies(place)
    follow = dg.AutomationConditionSensorDefinition(
        "follow_new_roles",
        target=dg.AssetSelection.all(),
        default_status=dg.DefaultSensorStatus.RUNNING,
        minimum_interval_seconds=15,
        description="Aggregates and publishes when a role's activations are new. Never starts GPU work.",
    )
    return dg.Definitions.merge(studies, dg.Definitions(executor=dg.in_process_executor, sensors=[follow]))
