"""The whole atlas of one SAE, from the selected features to its tables."""

from __future__ import annotations

from persona_assets.analysis.selection import Selection
from persona_assets.atlas.blocks import Blocks, BlocksBeside
from persona_assets.atlas.crossed import crossed
from persona_assets.atlas.map import lay_out
from persona_assets.atlas.metrics import feature_metrics
from persona_assets.atlas.played_axis import played_places
from persona_assets.atlas.roles import noise, role_space
from persona_assets.atlas.tables import (
    AtlasTables,
    atlas_table,
    neighbors_table,
    role_axes_table,
    role_similarity_table,
    summary_table,
)
from persona_assets.study.settings import AtlasSettings


def build_atlas(
    selection: Selection,
    settings: AtlasSettings,
    anchor: str,
    blocks: Blocks | None = None,
    played: BlocksBeside | None = None,
) -> AtlasTables:
    """Map the best `settings.top_k` of `selection` and compare the roles in them.

    `blocks` are of these features; without them nothing is said of how sure the roles' places are, and of
    neighbors in halves. With `played`, of the answers that play their role less what the anchor does, the
    roles are placed on the assistant axis by these, too. The same input gives the same tables. Raises
    StudyError where the settings are not ones UMAP has.
    """
    selection = selection.first(settings.top_k)
    layout = lay_out(selection, settings, None if blocks is None else blocks.halves())
    scale = noise(selection)
    products = None if blocks is None or scale is None else crossed(blocks, scale)
    space = role_space(selection, anchor, products, settings.random_seed)
    again = None
    if played is not None and products is not None:
        again = played_places(selection, space, anchor, products, played)
    return AtlasTables(
        atlas_table(selection, layout, feature_metrics(selection)),
        neighbors_table(selection, layout),
        role_similarity_table(selection, space),
        role_axes_table(selection, space, anchor, again),
        summary_table(selection, layout, space, settings),
    )
