"""Pooled batches as bytes: what crosses from an engine's process to ours."""

from __future__ import annotations

import io
from dataclasses import fields

import numpy as np

from persona_assets.extract.backend import PooledBatch
from persona_assets.extract.pool import Pooled


def to_bytes(batch: PooledBatch) -> bytes:
    """Return the batch in NumPy's .npz format."""
    content = io.BytesIO()
    arrays = {field.name: getattr(batch.pooled, field.name) for field in fields(Pooled)}
    np.savez(content, sae=np.array(batch.sae), response_ids=batch.response_ids, **arrays)
    return content.getvalue()


def from_bytes(content: bytes) -> PooledBatch:
    """Return what `to_bytes` was given."""
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        pooled = Pooled(**{field.name: arrays[field.name] for field in fields(Pooled)})
        return PooledBatch(str(arrays["sae"]), arrays["response_ids"], pooled)
