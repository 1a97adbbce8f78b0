"""The whole atlas of one SAE, from the selected features to its tables."""

from __future__ import annotations

from persona_assets.analysis.selection import Selection
from persona_assets.atlas.map import lay_out
from persona_assets.atlas.metrics import feature_metrics
from persona_assets.atlas.roles import role_space
from persona_assets.atlas.tables import (
    AtlasTables,
    atlas_table,
    neighbors_table,
    role_axes_table,
    role_similarity_table,
    summary_table,
)
from persona_assets.study.settings import AtlasSettings


def build_atlas(selection: Selection, settings: AtlasSettings, anchor: str) -> AtlasTables:
    """Map the best `settings.top_k` of `selection` and compare the roles in them.

    The same input gives the same tables. Raises StudyError where the settings are not ones UMAP has.
    """
    selection = selection.first(settings.top_k)
    layout = lay_out(selection, settings)
    space = role_space(selection, anchor)
    return AtlasTables(
        atlas_table(selection, layout, feature_metrics(selection)),
        neighbors_table(selection, layout),
        role_similarity_table(selection, space),
        role_axes_table(selection, space),
        summary_table(selection, layout, settings),
    )
