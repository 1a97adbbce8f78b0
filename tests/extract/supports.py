"""Which features may fire, and how much: bounds that hold on every processor and for every order of adding.

A feature fires where its pre-activation p passes a threshold. Two right computations of p differ in the last
digits, so where p lies within that rounding of the threshold the one may fire and the other not, and a demand
that both fire on the same tokens fails on some processors. The codes are computed here in float64, once with
p lowered by the rounding and once with p raised by it: what is right lies between, entry by entry.

The rounding of p = x·w + b, in float32:

- Adding up d products in any order errs by at most d·2^-24·(|x|·|w| + |b|) (Higham 2002, §3.1); `_SUM` takes
  twice that and eight terms more, for what an SAE does to its input before (a bias, a norm).
- Where x itself comes from another engine, or from a batch of another shape, it differs by `error` times its
  norm, and p by at most error·|x||w| (Cauchy–Schwarz). `STREAM` is what is granted: on AVX2 and on AVX512 the
  streams of vLLM and transformers differ so little, with the tiny models of four layers, that the first term
  covers it; the rest is for processors that add up in another way.

Everything else (counts, maxima, means, the place of a maximum) follows from the bounds of the entries.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import torch

from persona_assets.extract.conversation import Conversation
from persona_assets.extract.extractor import Extraction

STREAM = 1e-5
STORED = 2**-22  # what a mean or a maximum loses when it is stored in float32, relative
UNDECIDED = 1e-3  # at most this share of the entries may lie at their thresholds, or the bounds say nothing

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Bounds:
    """Least and greatest codes, float64[n, d_sae]; an entry whose `low` is 0 and `high` is not may be silent.

    `least` is what an entry has at least if it fires.
    """

    low: Array
    high: Array
    least: Array

    @classmethod
    @torch.no_grad()
    def of(cls, sae: Any, rows: torch.Tensor, error: float = 0.0) -> Bounds:
        """The bounds of SAE `sae` (SAELens's own) on `rows` float32[n, d_in], known up to `error`."""
        sae = copy.deepcopy(sae).to(torch.float64)
        bound = _BOUNDS.get(sae.cfg.architecture(), _threshold)
        low, high, least = bound(sae, rows.double(), error)
        bounds = cls(*(part.numpy() for part in (low, high, least)))
        undecided = int(((bounds.low == 0) & (bounds.high > 0)).sum())
        assert undecided <= 2 + UNDECIDED * bounds.low.size, f"{undecided} entries lie at their thresholds"
        return bounds

    def assert_hold(self, codes: Array) -> None:
        """Raise AssertionError if `codes` [n, d_sae] can't be the rows', naming the first that is wrong."""
        right = (self.low <= codes) & (codes <= self.high) & ((codes == 0) | (codes >= self.least))
        for row, feature in np.argwhere(~right)[:1]:
            low, high = self.low[row, feature], self.high[row, feature]
            raise AssertionError(
                f"row {row}, feature {feature}: {codes[row, feature]!r} is not in [{low!r}, {high!r}]; "
                f"{int((~right).sum())} of {right.size} entries are wrong"
            )


def _rounding(sae: Any, x: torch.Tensor, weights: torch.Tensor, bias: torch.Tensor, error: float) -> Any:
    """How far x·w + b may be from its value in float64, float64[n, d_sae]."""
    added_up = 2 * (x.shape[1] + 8) * 2**-24 * (x.abs() @ weights.abs() + bias.abs())
    return added_up + error * x.norm(dim=1, keepdim=True) * weights.norm(dim=0)


def _threshold(sae: Any, rows: torch.Tensor, error: float) -> tuple[torch.Tensor, ...]:
    """ReLU and JumpReLU: a feature fires above its threshold."""
    x = sae.process_sae_in(rows)
    pre, rounding = x @ sae.W_enc + sae.b_enc, _rounding(sae, x, sae.W_enc, sae.b_enc, error)
    threshold = sae.threshold if hasattr(sae, "threshold") else torch.zeros(())
    low, high = pre - rounding, pre + rounding
    act = sae.activation_fn
    return act(low) * (low > threshold), act(high) * (high > threshold), act(low)


def _gated(sae: Any, rows: torch.Tensor, error: float) -> tuple[torch.Tensor, ...]:
    """A gate decides; another sum says how much."""
    x = sae.process_sae_in(rows)
    gate, at_gate = x @ sae.W_enc + sae.b_gate, _rounding(sae, x, sae.W_enc, sae.b_gate, error)
    weights = sae.W_enc * sae.r_mag.exp()
    much, rounding = x @ weights + sae.b_mag, _rounding(sae, x, weights, sae.b_mag, error)
    low, high = ((much + sign * rounding).relu() for sign in (-1, 1))
    return low * (gate > at_gate), high * (gate > -at_gate), low


def _topk(sae: Any, rows: torch.Tensor, error: float) -> tuple[torch.Tensor, ...]:
    """The k largest fire: one for sure if fewer than k others may be larger, one perhaps if fewer must be."""
    x = sae.process_sae_in(rows)
    pre, rounding = x @ sae.W_enc + sae.b_enc, _rounding(sae, x, sae.W_enc, sae.b_enc, error)
    low, high = pre - rounding, pre + rounding
    k = sae.cfg.k
    # An entry is among those that it is compared with: of the others, fewer than k.
    may_be_larger = high.topk(k + 1, dim=1).values[:, k:]
    must_be_larger = low.topk(k, dim=1).values[:, k - 1 :]
    return low.relu() * (low > may_be_larger), high.relu() * (high >= must_be_larger), low.relu()


def _pursuit(sae: Any, x: torch.Tensor, error: float) -> tuple[torch.Tensor, ...]:
    """Matching pursuit chooses one feature after another: bounds are tried, on sixteen neighbors of x."""
    noise = torch.randn(16, *x.shape, generator=torch.Generator().manual_seed(0), dtype=x.dtype)
    near = x + (error + 2**-20) * x.norm(dim=1, keepdim=True) * noise / noise.norm(dim=2, keepdim=True)
    codes = torch.stack([sae.encode(one) for one in (x, *near)])
    slack = 1e-4 * codes.amax(dim=0) + 2e-5
    low, high = codes.amin(dim=0), codes.amax(dim=0)
    return (low - slack) * (low > 0), (high + slack) * (high > 0), low - slack


_BOUNDS = {"gated": _gated, "topk": _topk, "matching_pursuit": _pursuit}


def assert_pooled(
    extraction: Extraction, bounds: Sequence[Bounds], conversations: Sequence[Conversation]
) -> None:
    """Raise AssertionError unless the tables pool codes that lie between the bounds of each conversation.

    `bounds` and `conversations` are those of the responses that are not excluded, in one order.
    """
    assert extraction.activations.num_rows > 50
    keys = extraction.activations.select(["response_id", "feature_id"])
    assert len(set(zip(*keys.to_pydict().values(), strict=True))) == keys.num_rows
    by_response = extraction.activations.to_pandas().groupby("response_id")
    groups = {int(response_id): rows for response_id, rows in by_response}
    assert groups.keys() <= {one.response_id for one in conversations}
    fired = dict.fromkeys((one.response_id for one in conversations), 0)
    for one, codes in zip(conversations, bounds, strict=True):
        if one.response_id in groups:
            fired[one.response_id] = len(groups[one.response_id])
        _assert_response(groups.get(one.response_id), codes, f"response {one.response_id}")
    included = [row for row in extraction.pooled.to_pylist() if row["excluded_reason"] is None]
    assert {row["response_id"]: row["n_active_features"] for row in included} == fired
    lengths = {one.response_id: one.stop - one.start for one in conversations}
    assert {row["response_id"]: row["n_tokens"] for row in included} == lengths


def assert_first_pooled(
    extraction: Extraction, bounds: Sequence[Bounds], conversations: Sequence[Conversation], n_tokens: int
) -> None:
    """Raise AssertionError unless `first_activations` pool each one's codes of its first `n_tokens`."""
    assert extraction.first_activations is not None
    groups = dict(iter(extraction.first_activations.to_pandas().groupby("response_id")))
    assert groups.keys() <= {one.response_id for one in conversations}
    for one, codes in zip(conversations, bounds, strict=True):
        first = Bounds(codes.low[:n_tokens], codes.high[:n_tokens], codes.least[:n_tokens])
        _assert_response(groups.get(one.response_id), first, f"response {one.response_id}")


def _assert_response(rows: Any, bounds: Bounds, name: str) -> None:
    """One response's rows of the activations, a data frame or None, against its codes' bounds."""
    low, high = bounds.low, bounds.high
    n_active, mean, maximum = (np.zeros(low.shape[1]) for _ in range(3))
    argmax = np.zeros(low.shape[1], dtype=int)
    if rows is not None:
        assert (rows["n_active"] > 0).all(), name
        columns = {"n_active": n_active, "mean": mean, "max": maximum, "argmax_token": argmax}
        for column in columns.keys() & set(rows):
            columns[column][rows["feature_id"]] = rows[column]
    _assert_between(n_active, (low > 0).sum(axis=0), (high > 0).sum(axis=0), f"{name}: n_active")
    for column, values, how in (("mean", mean, np.mean), ("max", maximum, np.max)):
        least, most = how(low, axis=0) * (1 - STORED), how(high, axis=0) * (1 + STORED)
        _assert_between(values, least, most, f"{name}: {column}")
    if rows is None or "argmax_token" not in rows:
        return
    features = np.flatnonzero(n_active)
    # Where the maximum is said to be, something may be as large as every other must be.
    reached = high[argmax[features], features] * (1 + STORED) >= low.max(axis=0)[features]
    assert reached.all(), f"{name}: argmax_token of features {features[~reached]}"


def _assert_between(values: Array, least: Array, most: Array, name: str) -> None:
    wrong = np.flatnonzero((values < least) | (values > most))
    assert not len(wrong), (
        f"{name} of {len(wrong)} features: {wrong[0]} has {values[wrong[0]]!r}, "
        f"which is not in [{least[wrong[0]]!r}, {most[wrong[0]]!r}]"
    )


def assert_evidence(
    extraction: Extraction,
    bounds: Sequence[Bounds],
    conversations: Sequence[Conversation],
    top: int,
    window: int,
) -> None:
    """Raise AssertionError unless the evidence is that of the extraction's own activations, to the letter.

    Activations on single tokens are in no other table: they lie between the bounds. `top` and `window` are
    the settings.
    """
    by_id = {one.response_id: (one, codes) for one, codes in zip(conversations, bounds, strict=True)}
    activations = extraction.activations.to_pandas().sort_values(
        ["max", "response_id"], ascending=[False, True]
    )
    expected, windows = [], []
    for feature, rows in activations.groupby("feature_id"):
        for rank, row in enumerate(rows.head(top).itertuples(), 1):
            one, codes = by_id[row.response_id]
            start = max(row.argmax_token - window, 0)
            tokens = one.selected[start : row.argmax_token + window + 1].tolist()
            expected.append((feature, rank, row.response_id, start, tokens))
            at = slice(start, start + len(tokens))
            windows.append((codes.low[at, feature], codes.high[at, feature]))
    shown = extraction.evidence.select(["feature_id", "rank", "response_id", "start", "token_ids"])
    assert [tuple(row.values()) for row in shown.to_pylist()] == expected
    low, high = (np.concatenate(side) for side in zip(*windows, strict=True))
    found: pa.Array = extraction.evidence["activations"].combine_chunks().flatten()
    _assert_between(found.to_numpy(), low * (1 - STORED), high * (1 + STORED), "evidence: activations")
