"""Pooled batches as bytes: what crosses from an engine's process to ours."""

from __future__ import annotations

import io
from dataclasses import fields

import numpy as np

from persona_assets.extract.backend import PooledBatch
from persona_assets.extract.pool import Pooled
from persona_assets.extract.quality import FitSums

_FIT = "fit_"  # before the names of what a fit sums up


def to_bytes(batch: PooledBatch) -> bytes:
    """Return the batch in NumPy's .npz format."""
    content = io.BytesIO()
    arrays = {field.name: getattr(batch.pooled, field.name) for field in fields(Pooled)}
    if batch.fit is not None:
        arrays |= {f"{_FIT}{name}": np.array(value) for name, value in vars(batch.fit).items()}
    if batch.vectors is not None:
        arrays["vectors"] = batch.vectors
    np.savez(
        content,
        sae=np.array(batch.sae),
        response_ids=batch.response_ids,
        n_outliers=batch.n_outliers,
        **arrays,
    )
    return content.getvalue()


def from_bytes(content: bytes) -> PooledBatch:
    """Return what `to_bytes` was given."""
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        pooled = Pooled(**{field.name: arrays[field.name] for field in fields(Pooled)})
        vectors = arrays.get("vectors")
        sums = {name.removeprefix(_FIT): arrays[name] for name in arrays if name.startswith(_FIT)}
        plain = {name: value if value.ndim else value.item() for name, value in sums.items()}
        fit = FitSums(**plain) if plain else None
        sae, response_ids = str(arrays["sae"]), arrays["response_ids"]
        return PooledBatch(sae, response_ids, pooled, arrays["n_outliers"], fit, vectors)
