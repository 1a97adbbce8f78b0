"""How strongly features fire in the responses in which they do."""

from __future__ import annotations

from collections.abc import Sequence

from persona_assets.explorer.resources.feature import refuse_unknown
from persona_assets.explorer.resources.source import Source
from persona_assets.explorer.snapshot.asking import Json
from persona_assets.explorer.snapshot.numbers import rounded

N_BINS = 30


def histogram(source: Source, sae: str, feature_id: int) -> Json:
    """`{sae}/histogram/{feature_id}.json`: equal bins from the smallest to the largest mean.

    Raises the problem 404 for a feature that the SAE does not have.
    """
    known = source.sae(sae)
    found = source.row("histogram", sae=sae, feature_id=feature_id, n_bins=N_BINS)
    assert found is not None
    if not found["n_fired"] and source.row("feature", sae=sae, feature_id=feature_id) is None:
        refuse_unknown(known, feature_id)
    return _binned(found)


def histograms(source: Source, sae: str, feature_ids: Sequence[int]) -> dict[int, Json]:
    """Return the same of many features, in one reading of all activations."""
    rows = source.rows("histograms", sae=sae, feature_ids=list(feature_ids), n_bins=N_BINS)
    return {row["feature_id"]: _binned(row) for row in rows}


def _binned(found: Json) -> Json:
    n_silent = found["n_pooled"] - found["n_fired"]
    if not found["n_fired"]:
        return {"edges": [], "counts": [], "n_silent": n_silent}
    low, high = found["low"], found["high"]
    n_bins = 1 if low == high else N_BINS
    counts = dict(zip(found["bins"], found["counts"], strict=True))
    return {
        "edges": [rounded(low + (high - low) * edge / n_bins) for edge in range(n_bins + 1)],
        "counts": [counts.get(bin_, 0) for bin_ in range(n_bins)],
        "n_silent": n_silent,
    }
