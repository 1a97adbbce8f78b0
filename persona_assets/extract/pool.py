"""Pooling: token-level activations of a batch to one row for each response and feature it fires.

Active means: activation > 0 after the SAE's own nonlinearity. Encoders hand over only those.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from persona_assets.base.arrays import Ints, Singles


@dataclass(frozen=True)
class Codes:
    """Active (row, feature, activation) triples; all > 0, one feature's rows ascending."""

    row: torch.Tensor  # int64[n_active]
    feature: torch.Tensor  # int64[n_active]
    value: torch.Tensor  # float32[n_active]


@dataclass(frozen=True)
class Pooled:
    """A batch's activations on the host, sorted by response and feature.

    Arrays of length n: one entry for each response (its index in the batch) and feature active in it.
    `tokens[bounds[i]:bounds[i + 1]]` are the selected tokens on which entry i is active, ascending, and
    `values` the activations there.
    """

    response: Ints
    feature: Ints
    mean: Singles
    max: Singles
    n_active: Ints
    argmax_token: Ints
    bounds: Ints
    tokens: Ints
    values: Singles


def active(codes: torch.Tensor, first_row: int = 0) -> Codes:
    """Return the active entries of dense codes `float[n, d_sae]`, whose first row is row `first_row`.

    This is the one definition of active.
    """
    row, feature = torch.nonzero(codes > 0, as_tuple=True)
    return Codes(row + first_row, feature, codes[row, feature].float())


def only(codes: Codes, rows: torch.Tensor) -> Codes:
    """Return the codes of those rows that are True in `rows`, bool[n]."""
    kept = rows[codes.row]
    return Codes(codes.row[kept], codes.feature[kept], codes.value[kept])


def joined(parts: list[Codes]) -> Codes:
    """Several parts as one."""
    return Codes(
        torch.cat([part.row for part in parts]),
        torch.cat([part.feature for part in parts]),
        torch.cat([part.value for part in parts]),
    )


def pool(codes: Codes, lengths: torch.Tensor, d_sae: int, n_pooled: torch.Tensor | None = None) -> Pooled:
    """Pool over each response's tokens: mean over all of them, max, count, and where the max is first.

    `lengths`: int64[n_responses], the responses' selected tokens; rows are their tokens one after another.
    `n_pooled`: how many of them the mean is over, where some, of which there are no codes, are left out.
    """
    n_pooled = lengths if n_pooled is None else n_pooled
    starts = lengths.cumsum(0) - lengths
    response_of_row = torch.repeat_interleave(torch.arange(len(lengths), device=lengths.device), lengths)
    key = response_of_row[codes.row] * d_sae + codes.feature
    if len(lengths) * d_sae < 2**31:
        key = key.int()  # sorts several times faster
    key, order = torch.sort(key, stable=True)
    value = codes.value[order]
    key, n_active = torch.unique_consecutive(key, return_counts=True)
    response, feature = key.long() // d_sae, key.long() % d_sae
    token = codes.row[order] - torch.repeat_interleave(starts[response], n_active)
    total = _reduced(value.double(), "sum", n_active)
    highest = _reduced(value, "max", n_active)
    return Pooled(
        response=response.cpu().numpy(),
        feature=feature.cpu().numpy(),
        mean=(total / n_pooled[response]).float().cpu().numpy(),
        max=highest.cpu().numpy(),
        n_active=n_active.cpu().numpy(),
        argmax_token=_first_at_max(token, value, highest, n_active).cpu().numpy(),
        bounds=np.concatenate([[0], n_active.cumsum(0).cpu().numpy()]),
        tokens=token.cpu().numpy(),
        values=value.cpu().numpy(),
    )


def _reduced(value: torch.Tensor, how: str, n_active: torch.Tensor) -> torch.Tensor:
    """`value` reduced over segments of these lengths; always in the same order, so that reruns agree."""
    return torch.segment_reduce(value, how, lengths=n_active) if len(n_active) else value.new_empty(0)


def _first_at_max(
    token: torch.Tensor, value: torch.Tensor, highest: torch.Tensor, n_active: torch.Tensor
) -> torch.Tensor:
    """Return the first token of each segment at which the segment's maximum is reached, int64[n_segments]."""
    segment = torch.repeat_interleave(torch.arange(len(n_active), device=token.device), n_active)
    never = torch.iinfo(token.dtype).max
    at_max = torch.where(value == highest[segment], token, never)
    first = torch.full_like(n_active, never)
    return first.scatter_reduce_(0, segment, at_max, "amin")
