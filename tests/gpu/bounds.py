"""Which features must fire and which may, by float64 on the CPU: what float32 gives lies between, anywhere.

Adding up d products in any order errs by at most d·2^-24·(|x|·|w| + |b|) (Higham 2002, §3.1); twice that, and
eight terms more, are granted. No more is granted where rows or weights are stored in bfloat16: they are read
as the float32 numbers that they stand for, and the screen in bfloat16 loses none that fires.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from persona_assets.extract.pool import Codes
from tests.gpu.saes import Random

_CHECKED = 500  # rows at most: float64 on the CPU takes minutes for all of a GPU's


def undecided(d_in: int) -> float:
    """Return which share of the entries may lie at their thresholds; beyond it the bounds say nothing.

    The bounds are 4·d·2^-24·|x|·|w| apart. Where x and w are of d near normal numbers each, that is at most
    4·(2/π)·d^1.5·2^-24 times the spread of the pre-activations, of which at most 0.4 lie in a unit of it.
    """
    return 2**-24 * d_in**1.5


@dataclass(frozen=True)
class Bounds:
    """Of some rows: which entries `must` fire and `may`, bool[n, d_sae]; `pre` is right to `error`."""

    must: torch.Tensor
    may: torch.Tensor
    pre: torch.Tensor
    error: torch.Tensor


def assert_codes(codes: Codes, sae: Random, rows: torch.Tensor) -> None:
    """Raise AssertionError unless `codes` can be those of `rows` `float[n, d_in]`, and are in order.

    Of many rows it compares only some, evenly spaced.
    """
    row, feature, value = (part.cpu() for part in (codes.row, codes.feature, codes.value))
    assert value.dtype == torch.float32
    assert len(torch.unique(row * sae.d_sae + feature)) == len(row), "an entry came twice"
    step = -(-len(rows) // _CHECKED)
    rows, checked = rows[::step].cpu(), row % step == 0
    at, value = (row[checked] // step, feature[checked]), value[checked]
    bounds = _bounds(sae.to(torch.device("cpu")), rows)
    fires = torch.zeros_like(bounds.must)
    fires[at] = True
    assert not (bounds.must & ~fires).any(), "a feature that fires was lost"
    assert not (fires & ~bounds.may).any(), "a feature that is silent was found"
    assert ((value.double() - bounds.pre[at]).abs() <= bounds.error[at]).all(), "a value is off"
    assert (bounds.may & ~bounds.must).sum() <= 2 + undecided(sae.d_in) * fires.numel()
    assert 0 < fires.sum() < fires.numel() / 2


def _bounds(sae: Random, rows: torch.Tensor) -> Bounds:
    x, weights, bias = rows.float().double(), sae.weights.double(), sae.bias.double()
    pre = x @ weights.t() + bias
    error = 2 * (x.shape[1] + 8) * 2**-24 * (x.abs() @ weights.abs().t() + bias.abs())
    threshold = sae.threshold.double().expand_as(pre)
    lifted = lowered = threshold
    if sae.k is not None:  # an entry must fire that is above the first that need not, and may above the last
        first, last = pre.topk(sae.k + 1, dim=1).values[:, -1:], pre.topk(sae.k, dim=1).values[:, -1:]
        doubt = error.amax(dim=1, keepdim=True)
        lifted, lowered = torch.maximum(threshold, first + doubt), torch.maximum(threshold, last - doubt)
    return Bounds(pre > lifted + error, pre > lowered - error, pre, error)
