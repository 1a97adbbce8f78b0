"""Roles' response vectors and codes, read role by role, and reduced to means and blocks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import numpy as np
from scipy import sparse

from persona_assets.analysis.design import Design, RoleSource
from persona_assets.analysis.entries import read_entries
from persona_assets.analysis.response_vectors import others_than_pooled, read_response_vectors
from persona_assets.atlas.blocks import Blocks, blocks_of
from persona_assets.base.arrays import Floats, Ints, Singles
from persona_assets.lake.lake import Lake
from persona_assets.lake.lake_file import LakeFile
from persona_assets.lake.schema import VARIANT_STRIDE, VARIANT_VECTORS

_AT_ONCE = 256  # rows of codes that are written out


def read_vectors(lake: Lake, design: Design, files: Mapping[str, LakeFile]) -> Iterator[Floats]:
    """Yield each role's vectors, float64[n, width], in the order of its responses' ids."""
    for role, present in zip(design.roles, design.present, strict=True):
        yield read_response_vectors(lake, files[role], design.response_ids[present])


def read_codes(design: Design, sources: Iterable[RoleSource], d_sae: int) -> Iterator[sparse.csr_matrix]:
    """Yield each role's mean activations, float32[n, d_sae], in the order of its responses' ids."""
    for source, present in zip(sources, design.present, strict=True):
        entries = read_entries(source, design, d_sae)
        where = np.searchsorted(np.flatnonzero(present), entries.cell), entries.feature
        yield sparse.csr_matrix((entries.value, where), (int(present.sum()), d_sae))


def written(directions: Singles) -> Callable[[sparse.csr_matrix], Floats]:
    """Return what makes of codes what they write along `directions` float32[d_sae, width]."""

    def of(codes: sparse.csr_matrix) -> Floats:
        starts = range(0, codes.shape[0], _AT_ONCE)
        return np.concatenate([codes[start : start + _AT_ONCE].toarray() @ directions for start in starts])

    return of


def means(design: Design, vectors: Iterable[Floats]) -> tuple[Floats, list[dict[str, Any]]]:
    """Return the roles' vectors float64[n_roles, width], and the rows of `ROLE_VECTORS`."""
    whole, rows = [], []
    for role, present, values in zip(design.roles, design.present, vectors, strict=True):
        variants = design.response_ids[present] // VARIANT_STRIDE
        whole.append(values.mean(axis=0))
        rows.append(_row(role, None, len(values), whole[-1]))
        for one in np.unique(variants).tolist():
            part = values[variants == one]
            rows.append(_row(role, one, len(part), part.mean(axis=0)))
    return np.stack(whole), rows


def variant_means(
    lake: Lake, design: Design, files: Mapping[str, LakeFile]
) -> tuple[Floats, list[dict[str, Any]]]:
    """As `means`, of roles whose vectors are kept by wording, in `files` of `VARIANT_VECTORS`.

    Raises StudyError where a file's responses are others than those that were pooled.
    """
    whole, rows = [], []
    for role, present in zip(design.roles, design.present, strict=True):
        variants, counts = np.unique(design.response_ids[present] // VARIANT_STRIDE, return_counts=True)
        table = lake.read(VARIANT_VECTORS, files[role])
        if table["variant"].to_pylist() != variants.tolist() or table["n"].to_pylist() != counts.tolist():
            raise others_than_pooled(lake, files[role])
        vectors = np.stack(table["vector"].to_numpy()).astype(np.float64)
        whole.append(counts @ vectors / counts.sum())
        rows.append(_row(role, None, int(counts.sum()), whole[-1]))
        rows += [_row(role, *one) for one in zip(variants.tolist(), counts.tolist(), vectors, strict=True)]
    return np.stack(whole), rows


def _row(role: str, variant: int | None, n: int, vector: Floats) -> dict[str, Any]:
    return {"role": role, "variant": variant, "n": n, "vector": vector.astype(np.float32)}


def centred_blocks(
    design: Design, values: Iterable[Any], mapped: Callable[[Any], Floats] = lambda one: one
) -> Blocks:
    """Return the blocks of roles' `values`, [n, any], less what all roles do on the same responses.

    `mapped` is linear, and makes of sums over responses what the blocks are of; it is asked once for each
    role, and not for every response.
    """
    block_of, n_wordings, n_groups = blocks_of(design)
    n_blocks, n_cells = n_wordings * n_groups, len(design.response_ids)
    sums, total = [], None
    for present, of_role in zip(design.present, values, strict=True):
        cells = np.flatnonzero(present)
        sums.append(mapped(_gathered(block_of[cells], n_blocks) @ of_role).astype(np.float32))
        placed = _gathered(cells, n_cells) @ of_role
        total = placed if total is None else total + placed
    of_cells = mapped(total) / design.present.sum(axis=0)[:, None]
    counts = np.zeros((len(sums), n_blocks))
    for row, present in enumerate(design.present):
        cells = np.flatnonzero(present)
        counts[row] = np.bincount(block_of[cells], minlength=n_blocks)
        about = sums[row] - _gathered(block_of[cells], n_blocks) @ of_cells[cells]
        sums[row] = (about / np.maximum(counts[row], 1)[:, None]).astype(np.float32)
    shape = len(sums), n_wordings, n_groups
    return Blocks(np.stack(sums).reshape(*shape, -1), (counts > 0).reshape(shape))


def together(parts: list[Blocks]) -> Blocks:
    """Return the roles of all `parts`, one after the other."""
    return Blocks(*(np.concatenate([getattr(one, name) for one in parts]) for name in ("means", "present")))


def _gathered(groups: Ints, n_groups: int) -> sparse.csr_matrix:
    """[n_groups, n]: what sums the rows of each group."""
    n = len(groups)
    return sparse.csr_matrix((np.ones(n, np.float32), (groups, np.arange(n))), (n_groups, n))
