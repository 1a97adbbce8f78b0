from __future__ import annotations

import numpy as np
import pytest
import torch

from persona_assets.extract.pool import active, pool


def assert_pools(dense: np.ndarray, lengths: list[int], scale: int = 1) -> None:
    """`pool` equals loops over responses and features; feature ids are multiplied by `scale`."""
    codes = active(torch.from_numpy(dense))
    spread = type(codes)(codes.row, codes.feature * scale, codes.value)
    pooled = pool(spread, torch.tensor(lengths), dense.shape[1] * scale)
    at = 0
    for response, part in enumerate(np.split(dense, np.cumsum(lengths)[:-1])):
        for feature in np.flatnonzero((part > 0).any(axis=0)):
            column = part[:, feature]
            assert (pooled.response[at], pooled.feature[at]) == (response, feature * scale)
            assert pooled.mean[at] == pytest.approx(column.mean(), rel=1e-6)
            assert pooled.max[at] == column.max()
            assert pooled.n_active[at] == (column > 0).sum()
            assert pooled.argmax_token[at] == column.argmax()
            tokens = slice(pooled.bounds[at], pooled.bounds[at + 1])
            assert pooled.tokens[tokens].tolist() == np.flatnonzero(column > 0).tolist()
            assert pooled.values[tokens].tolist() == column[column > 0].tolist()
            at += 1
    assert at == len(pooled.response) == len(pooled.bounds) - 1


@pytest.mark.parametrize("seed", range(10))
def test_pooling_equals_loops_over_responses_and_features(seed) -> None:
    rng = np.random.default_rng(seed)
    lengths = rng.integers(1, 30, size=int(rng.integers(1, 12))).tolist()
    # Few distinct values, so that maxima are reached more than once.
    dense = rng.integers(-8, 4, size=(sum(lengths), int(rng.integers(1, 60)))).astype(np.float32)
    assert_pools(np.maximum(dense, 0) / 4, lengths)


def test_a_response_on_which_nothing_fires_has_no_rows() -> None:
    dense = np.zeros((9, 4), dtype=np.float32)
    assert_pools(dense, [4, 5])
    dense[6, 2] = 1
    assert_pools(dense, [4, 2, 3])


def test_keys_beyond_32_bits_are_told_apart() -> None:
    dense = np.random.default_rng(0).integers(0, 2, size=(40, 50)).astype(np.float32)
    assert_pools(dense, [10] * 4, scale=2**28)


def test_only_positive_codes_are_active() -> None:
    codes = active(torch.tensor([[0.0, -1.0, 1e-30], [2.0, -0.0, 0.0]]), first_row=5)
    assert list(zip(codes.row.tolist(), codes.feature.tolist(), strict=True)) == [(5, 2), (6, 0)]
