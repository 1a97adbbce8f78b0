"""What `persona adopt` says."""

from __future__ import annotations

from persona_assets.cli.instance import dagster_instance, database_plainly
from persona_assets.orchestration.adopt import adopt
from persona_assets.study.study import Study


def adopt_study(study: Study) -> None:
    """Tell Dagster of the lake's files, and say of how many of each asset."""
    with dagster_instance() as instance, database_plainly():
        told = {asset: n for asset, n in adopt(study, instance).items() if n}
    if not told:
        print("Dagster knows of everything that the lake holds")
    for asset, n in told.items():
        print(f"{asset}: {n}")
