"""The whole atlas of one SAE, from the statistics to its tables."""

from __future__ import annotations

from persona_assets.analysis.statistics import Statistics
from persona_assets.atlas.map import lay_out
from persona_assets.atlas.metrics import feature_metrics
from persona_assets.atlas.roles import role_space
from persona_assets.atlas.selection import select
from persona_assets.atlas.tables import (
    AtlasTables,
    atlas_table,
    feature_flags_table,
    neighbors_table,
    role_axes_table,
    role_similarity_table,
    summary_table,
)
from persona_assets.settings import AtlasSettings


def build_atlas(statistics: Statistics, settings: AtlasSettings, anchor: str) -> AtlasTables:
    """Select features, map them and compare roles; `statistics` were made with `settings.strategy`.

    The same input gives the same tables. Raises StudyError where the settings do not fit one another, UMAP or
    the statistics.
    """
    selection = select(statistics, settings)
    layout = lay_out(selection, settings)
    space = role_space(selection, anchor)
    return AtlasTables(
        atlas_table(selection, layout, feature_metrics(selection, statistics.raw.whole)),
        neighbors_table(selection, layout),
        role_similarity_table(selection, space),
        role_axes_table(selection, space),
        feature_flags_table(selection),
        summary_table(selection, layout, settings),
    )
