"""The stage `vectors`: roles compared by what an SAE reads, and how much of that it carries."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pyarrow as pa

from persona_assets.analysis.design import Design, RoleSource, read_design, role_sources
from persona_assets.atlas.blocks import Blocks
from persona_assets.atlas.crossed import Crossed, crossed
from persona_assets.atlas.roles import space_of
from persona_assets.atlas.tables import places_on_axes
from persona_assets.base.arrays import Floats, Singles
from persona_assets.base.progress import Progress
from persona_assets.lake.lake_file import LakeFile
from persona_assets.lake.schema import (
    ROLE_VECTORS,
    VECTOR_AXES,
    VECTOR_FEATURES,
    VECTOR_POSITIONS,
    VECTOR_TABLES,
    Table,
)
from persona_assets.models.sae import load_sae
from persona_assets.stages.across_roles import AcrossRoles
from persona_assets.study.settings import SaeSettings
from persona_assets.vectors.alignment import Aligned, aligned
from persona_assets.vectors.axes import Carried, carried
from persona_assets.vectors.reading import (
    centred_blocks,
    means,
    read_codes,
    read_vectors,
    together,
    variant_means,
    written,
)
from persona_assets.vectors.tables import axes_table, features_table

_ELSEWHERE = "the SAE does not reconstruct the stream that it reads"
_SEED = 0  # of the components' nulls


def compare_vectors(
    across: AcrossRoles, sae: str, *, progress: Progress | None = None
) -> dict[str, LakeFile]:
    """Return the files of `VECTOR_TABLES`, by the tables' names: found, or made now.

    `progress` counts the steps that are done. Raises StudyError where fewer than two roles have vectors, the
    SAE cannot be had, or a file is damaged.
    """
    lacks = "fewer than two roles have vectors of their responses"
    made_from = across.made_from(VECTOR_AXES, sae, lacks=lacks, select="activations")
    if (found := across.files(VECTOR_TABLES, sae)) is not None:
        return found
    settings, compared = across.study.settings, across.with_vectors(sae)
    inputs = [file for files in compared.values() for file in files]
    across.study.lake.check(inputs)
    directions = _directions(settings.extraction.saes[sae])
    read = _read(across, sae, directions, progress or (lambda done, of: None))
    return across.land(_contents(read, settings.analysis.anchor), made_from, sae, inputs)


def direction_beside_axis(across: AcrossRoles, sae: str, direction: Singles) -> Aligned:
    """Return how a direction float32[width] lies to the study's assistant axis, as features' directions do.

    The study has one. Raises StudyError where a file is damaged.
    """
    read = _read(across, sae, None, lambda done, of: None)
    n, place = len(read.roles), read.roles.index(across.study.settings.analysis.anchor)
    weights = np.full(n, -1 / (n - 1))
    weights[place] = 1
    products = None if read.blocks is None else _products([read.blocks])
    return aligned(direction[None], weights, read.columns, read.blocks, products)


class _Made(NamedTuple):
    """What the SAE makes of the roles, float64[n_roles, width]: the mean `codes` float32[n_roles, d_sae] of
    each times `directions` float32[d_sae, width]. There are no blocks where roles share no questions, or no
    single response's vector is kept.
    """

    directions: Singles
    codes: Singles
    columns: Floats
    blocks: Blocks | None


class _Read(NamedTuple):
    """Roles, their vectors float64[n_roles, width], and what an SAE that reconstructs them makes of them."""

    roles: list[str]
    rows: pa.Table
    columns: Floats
    blocks: Blocks | None
    made: _Made | None


def _directions(settings: SaeSettings) -> Singles | None:
    """Return what the SAE writes, float32[d_sae, width], where that is the stream that it reads."""
    sae = load_sae(settings)
    return sae.directions().numpy() if sae.writes == sae.point else None


def _read(across: AcrossRoles, sae: str, directions: Singles | None, progress: Progress) -> _Read:
    lake, compared = across.study.lake, across.with_vectors(sae)
    sources = role_sources(lake, {role: (a, pooled) for role, (a, pooled, _) in compared.items()})
    files = {role: vectors for role, (_, _, vectors) in compared.items()}
    design, single = read_design(sources), across.keeps_response_vectors
    paired = across.aligned and single
    columns, rows = (
        means(design, read_vectors(lake, design, files)) if single else variant_means(lake, design, files)
    )
    progress(1, 3)
    blocks = centred_blocks(design, read_vectors(lake, design, files)) if paired else None
    progress(2, 3)
    made = None if directions is None else _reconstructed(design, sources, directions, paired)
    progress(3, 3)
    table = pa.Table.from_pylist(rows, schema=ROLE_VECTORS.schema)
    return _Read(design.roles, table, columns, blocks, made)


def _reconstructed(design: Design, sources: list[RoleSource], directions: Singles, paired: bool) -> _Made:
    """Return what the SAE makes of the roles, but for what is the same in all; of pairs of answers, too."""
    writes, d_sae = written(directions), len(directions)
    of_roles = [np.asarray(codes.mean(axis=0)) for codes in read_codes(design, sources, d_sae)]
    codes: Singles = np.concatenate(of_roles).astype(np.float32)
    columns: Floats = (codes @ directions).astype(np.float64)
    blocks = centred_blocks(design, read_codes(design, sources, d_sae), writes) if paired else None
    return _Made(directions, codes, columns, blocks)


def _contents(read: _Read, anchor: str) -> dict[Table, pa.Table]:
    """Return the content of `VECTOR_TABLES`."""
    n, made = len(read.roles), read.made
    parts = [one.blocks for one in (read, made) if one is not None and one.blocks is not None]
    products = _products(parts)
    own = None if products is None else products.of(slice(0, n))
    space = space_of(read.columns, read.roles, anchor, own, _SEED, "raw")
    of_axes, features = Carried.unknown(len(space.weights)), VECTOR_FEATURES.schema.empty_table()
    if made is not None:
        both = products if len(parts) == 2 else None
        of_axes = carried(space.weights, read.columns, made.columns, both)
        if space.assistant is not None:
            weights = space.assistant.weights
            lie = aligned(made.directions, weights, read.columns, read.blocks, own)
            features = features_table(lie, made.directions, weights @ made.codes, space.assistant.direction)
    length = np.nan if space.assistant is None else 1 / space.assistant.weights[read.roles.index(anchor)]
    return {
        ROLE_VECTORS: read.rows,
        VECTOR_POSITIONS: VECTOR_POSITIONS.of(places_on_axes(read.roles, space, anchor)),
        VECTOR_FEATURES: features,
        VECTOR_AXES: axes_table(space, length, of_axes, _ELSEWHERE if made is None else None),
    }


def _products(parts: list[Blocks]) -> Crossed | None:
    """Return the products of the roles' vectors, and of their reconstructions, with each other."""
    if not parts:
        return None
    blocks = together(parts)
    return crossed(blocks, np.ones(blocks.means.shape[-1]))
