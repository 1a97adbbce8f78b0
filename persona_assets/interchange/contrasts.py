"""A study's own contrasts as CSV: `contrasts/<question mode>/<model>_<sae id>/`."""

from __future__ import annotations

import pyarrow as pa
from pyarrow import csv

from persona_assets.base.atomic import placed
from persona_assets.interchange.layout import Layout
from persona_assets.lake.schema import CONTRAST_TABLES
from persona_assets.stages.across_roles import AcrossRoles


def write_contrasts(across: AcrossRoles, layout: Layout, sae: str) -> list[str]:
    """Write a file for each of `CONTRAST_TABLES`; return the contrasts, none where they are not fresh.

    Raises StudyError where a contrast's groups are not right or a file of the lake is damaged.
    """
    study = across.study
    files = across.files(CONTRAST_TABLES, sae) if study.settings.contrasts else None
    if files is None:
        return []
    for table in CONTRAST_TABLES:
        with placed(layout.contrasts(sae, table.name)) as beside:
            csv.write_csv(_plain(study.lake.read(table, files[table.name])), beside)
    return sorted(study.settings.contrasts)


def _plain(table: pa.Table) -> pa.Table:
    """Return the table without dictionaries, which CSV has none of."""
    fields = (
        field.with_type(field.type.value_type) if pa.types.is_dictionary(field.type) else field
        for field in table.schema
    )
    return table.cast(pa.schema(fields))
