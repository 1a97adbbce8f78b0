"""The stage `atlas`: the selected features mapped and the roles compared in them, landed in the lake."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from persona_assets.lake.lake_file import LakeFile
from persona_assets.lake.schema import (
    ATLAS,
    ATLAS_SUMMARY,
    ATLAS_TABLES,
    FEATURES,
    NEIGHBORS,
    PLAYED_ROLES,
    ROLE_AXES,
    ROLE_MATRIX,
    ROLE_SIMILARITY,
)
from persona_assets.stages.across_roles import AcrossRoles

if TYPE_CHECKING:
    from persona_assets.analysis.design import RoleSource
    from persona_assets.atlas.blocks import BlocksBeside
    from persona_assets.base.arrays import Ints


def map_features(across: AcrossRoles, sae: str) -> dict[str, LakeFile]:
    """Return the files of `ATLAS_TABLES`: found, or made now of the statistics.

    Raises StudyError where there are no fresh statistics, or the settings are not ones UMAP has.
    """
    made_from = across.made_from(ATLAS, sae, lacks="roles are not compared yet", select="statistics")
    return across.files(ATLAS_TABLES, sae) or _made(across, sae, made_from)


def _made(across: AcrossRoles, sae: str, made_from: str) -> dict[str, LakeFile]:
    from persona_assets.analysis.design import role_sources
    from persona_assets.analysis.role_matrix import read_selection
    from persona_assets.analysis.selection import criterion_of, role_matrix_mode
    from persona_assets.atlas.blocks import read_blocks
    from persona_assets.atlas.build import build_atlas

    lake, settings = across.study.lake, across.study.settings
    features, role_matrix = across.file(FEATURES, sae), across.file(ROLE_MATRIX, sae)
    assert features is not None and role_matrix is not None
    compared = across.compared(sae)
    mode = role_matrix_mode(settings.atlas, aligned=across.aligned)
    selection = read_selection(
        sorted(compared),
        mode,
        criterion_of(settings.atlas, aligned=across.aligned),
        lake.read(FEATURES, features),
        lake.read(ROLE_MATRIX, role_matrix),
    )
    blocks = played = None
    if mode == "question_centered_mean":
        lake.check([file for files in compared.values() for file in files])
        sources, selected = role_sources(lake, compared), selection.first(settings.atlas.top_k).selected
        blocks = read_blocks(sources, selected, len(selection.mu))
        if across.file(PLAYED_ROLES, sae) is not None:
            played = _played(across, sources, selected, len(selection.mu))
    tables = build_atlas(selection, settings.atlas, settings.analysis.anchor, blocks, played)
    contents = {
        ATLAS: tables.atlas,
        NEIGHBORS: tables.neighbors,
        ROLE_SIMILARITY: tables.role_similarity,
        ROLE_AXES: tables.role_axes,
        ATLAS_SUMMARY: tables.summary,
    }
    return across.land(contents, made_from, sae, [features, role_matrix])


def _played(
    across: AcrossRoles, sources: list[RoleSource], selected: Ints, d_sae: int
) -> BlocksBeside | None:
    """Return the blocks of the answers of `sources` that play their role; None without the anchor's."""
    from persona_assets.analysis.played import played_answers
    from persona_assets.atlas.blocks import read_blocks_beside

    found = {source.role: played_answers(across, source) for source in sources}
    anchor = found.get(across.study.settings.analysis.anchor)
    if anchor is None:
        return None
    both = {role: np.intersect1d(one.response_ids, anchor.response_ids) for role, one in found.items()}
    parts = {
        source.role: replace(source, only=both[source.role])
        for source in sources
        if found[source.role].takes_part and len(both[source.role])
    }
    return read_blocks_beside([*parts.values()], parts[anchor.role], selected, d_sae)
