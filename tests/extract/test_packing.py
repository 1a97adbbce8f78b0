from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest
import torch

from persona_assets.extract.backend import PooledBatch
from persona_assets.extract.packing import from_bytes, to_bytes
from persona_assets.extract.pool import Pooled, active, pool
from persona_assets.extract.quality import FitSums

SUMS = FitSums(2, 7, 1, 12, 0.5, 3.25, np.arange(3.0))


@pytest.mark.parametrize("fit", [None, SUMS])
@pytest.mark.parametrize("vectors", [None, np.ones((2, 5), np.float32)])
@pytest.mark.parametrize("rows", [torch.rand(7, 5) - 0.5, -torch.ones(7, 5)])
def test_a_batch_is_the_same_after_it_was_bytes(rows, vectors, fit) -> None:
    pooled = pool(active(rows), torch.tensor([3, 4]), 5)
    ids, n_outliers = np.array([40, 7]), np.array([1, 0])
    batch = from_bytes(to_bytes(PooledBatch("demo", ids, pooled, n_outliers, fit, vectors)))
    assert (batch.sae, batch.response_ids.tolist()) == ("demo", [40, 7])
    assert batch.n_outliers.tolist() == [1, 0]
    assert repr(batch.vectors) == repr(vectors)
    assert repr(batch.fit) == repr(fit)
    for field in fields(Pooled):
        before, after = getattr(pooled, field.name), getattr(batch.pooled, field.name)
        assert after.dtype == before.dtype
        np.testing.assert_array_equal(after, before)
