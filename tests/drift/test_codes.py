from __future__ import annotations

import numpy as np
import pytest

from persona_assets.drift.codes import from_table, pool_ranges, to_table
from tests.drift.made import random_codes


@pytest.mark.parametrize("how", ["mean", "max"])
def test_ranges_of_tokens_are_pooled_together_silent_tokens_too(how: str) -> None:
    codes = random_codes([5, 1, 8])
    dense = codes.values.toarray().astype(np.float64)
    wanted = [[(0, 5)], [(5, 6)], [(2, 4), (8, 14)], [(8, 9), (8, 9)]]
    pooled = pool_ranges(codes.values, wanted, how)  # type: ignore[arg-type]
    for row, ranges in zip(pooled.toarray(), wanted, strict=True):
        tokens = np.concatenate([dense[start:stop] for start, stop in ranges])
        np.testing.assert_allclose(row, getattr(tokens, how)(axis=0), rtol=1e-12)


def test_codes_come_back_from_their_table_with_tokens_on_which_nothing_fires() -> None:
    codes = random_codes([3, 4], density=0.05)
    assert (np.diff(codes.values.indptr) == 0).any()
    read = from_table(to_table(codes), d_sae=12)
    np.testing.assert_array_equal(read.values.toarray(), codes.values.toarray())
    for name in ("spans", "bounds", "token_ids"):
        np.testing.assert_array_equal(getattr(read, name), getattr(codes, name))
