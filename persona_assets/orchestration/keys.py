"""What Dagster calls a study's assets and their groups."""

from __future__ import annotations

import dagster as dg

from persona_assets.study.study import Study


def plain_name(study: Study) -> str:
    """Return the study's name where Dagster takes letters, digits and `_` only: groups, ops, sensors."""
    return study.name.replace("-", "_")


def key(study: Study, asset: str) -> dg.AssetKey:
    """Return `smollm2/responses` and so on."""
    return dg.AssetKey([study.name, asset])


def table_key(study: Study, table: str) -> dg.AssetKey:
    """Return the key of a table of the snapshot: `smollm2/warehouse/features` and so on."""
    return dg.AssetKey([study.name, "warehouse", table])


def tables_group(study: Study) -> str:
    """Return the group of what the snapshot holds: `smollm2_warehouse`."""
    return f"{plain_name(study)}_warehouse"
