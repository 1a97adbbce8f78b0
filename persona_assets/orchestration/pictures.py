"""Pictures in Dagster's pages, drawn from what has just landed."""

from __future__ import annotations

from collections.abc import Mapping

import dagster as dg
import pyarrow as pa

from persona_assets.lake.lake_file import LakeFile
from persona_assets.lake.schema import ATLAS, ATLAS_SUMMARY, ROLE_AXES, ROLE_SIMILARITY, Table
from persona_assets.study.study import Study


def atlas_pictures(
    study: Study, sae: str, files: Mapping[str, LakeFile]
) -> dict[str, dg.MarkdownMetadataValue]:
    """Return the atlas as pictures; `files` are those of `ATLAS_TABLES` by name."""
    from persona_assets.plots.atlas import atlas_figure
    from persona_assets.plots.axes import axes_figure
    from persona_assets.plots.image import markdown_image
    from persona_assets.plots.similarity import similarity_figure

    def rows(table: Table) -> pa.Table:
        return study.lake.read(table, files[table.name])

    summary, anchor, about = rows(ATLAS_SUMMARY), study.settings.analysis.anchor, f"{study.name}, SAE {sae}"
    figures = {
        "roles by similarity": similarity_figure(rows(ROLE_SIMILARITY), about),
        "roles along axes": axes_figure(rows(ROLE_AXES), summary, anchor, about),
        "map of features": atlas_figure(rows(ATLAS), summary, about),
    }
    return {title: dg.MetadataValue.md(markdown_image(figure, title)) for title, figure in figures.items()}
