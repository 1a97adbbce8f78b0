"""Pooling and evidence of codes on a device, against loops over every token."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pytest
import torch

from persona_assets.extract.evidence import EvidenceCollector
from persona_assets.extract.pool import Codes, active, pool

# Responses, their longest, features that they have, d_sae; the second has keys beyond int32.
SIZES = {
    "cpu": [(12, 20, 50, 50), (12, 20, 50, 2**28)],
    "cuda": [(300, 100, 3_000, 65_536), (300, 100, 3_000, 2**28)],
}


def some_codes(n_responses: int, longest: int, n_features: int) -> tuple[list[int], np.ndarray]:
    """Lengths of responses, and dense codes float32[n_tokens, n_features] of few values: ties abound."""
    rng = np.random.default_rng(0)
    lengths = rng.integers(1, longest + 1, size=n_responses).tolist()
    codes = rng.integers(-60, 4, size=(sum(lengths), n_features))
    return lengths, np.maximum(codes, 0).astype(np.float32) / 2


def on_device(dense: np.ndarray, device: torch.device) -> Codes:
    return active(torch.from_numpy(dense).to(device))


@pytest.mark.parametrize("size", [0, 1])
def test_pooling_equals_a_loop_over_all_activations(device: torch.device, size: int) -> None:
    n_responses, longest, n_features, d_sae = SIZES[device.type][size]
    lengths, dense = some_codes(n_responses, longest, n_features)
    entries: dict[tuple[int, int], list[tuple[int, float]]] = defaultdict(list)
    starts = np.cumsum(lengths) - lengths
    response_of = np.repeat(np.arange(n_responses), lengths)
    for row, feature in zip(*(part.tolist() for part in np.nonzero(dense)), strict=True):
        response = int(response_of[row])
        entries[response, feature].append((row - int(starts[response]), float(dense[row, feature])))
    found = pool(on_device(dense, device), torch.tensor(lengths, device=device), d_sae)
    keys = sorted(entries)
    assert list(zip(found.response.tolist(), found.feature.tolist(), strict=True)) == keys
    assert found.n_active.tolist() == [len(entries[key]) for key in keys]
    assert found.bounds.tolist() == np.cumsum([0, *(len(entries[key]) for key in keys)]).tolist()
    assert found.tokens.tolist() == [token for key in keys for token, _ in entries[key]]
    assert found.values.tolist() == [value for key in keys for _, value in entries[key]]
    assert found.max.tolist() == [max(value for _, value in entries[key]) for key in keys]
    firsts = [max(entries[key], key=lambda one: (one[1], -one[0]))[0] for key in keys]
    assert found.argmax_token.tolist() == firsts
    means = [sum(value for _, value in entries[key]) / lengths[key[0]] for key in keys]
    np.testing.assert_allclose(found.mean, means, rtol=1e-6)


def test_evidence_equals_a_loop_over_all_responses(device: torch.device) -> None:
    n_responses, longest, n_features, _ = SIZES[device.type][0]
    lengths, dense = some_codes(n_responses, longest, n_features)
    top, window = 3, 2
    ends = np.cumsum(lengths)
    parts = [dense[end - length : end] for end, length in zip(ends, lengths, strict=True)]
    ids = np.random.default_rng(1).permutation(10 * n_responses)[:n_responses]
    collector = EvidenceCollector(n_features, top, window)
    for at in range(0, n_responses, 5):
        codes = on_device(np.concatenate(parts[at : at + 5]), device)
        some = torch.tensor(lengths[at : at + 5], device=device)
        collector.add(pool(codes, some, n_features), ids[at : at + 5])
    expected = []
    for feature in range(0, n_features, 7):
        highest = [-part[:, feature].max() for part in parts]
        peaks = zip(highest, ids.tolist(), range(n_responses), strict=True)
        for peak, response_id, place in sorted(peaks)[:top]:
            if peak < 0:
                column = np.pad(parts[place][:, feature], window)
                at = int(parts[place][:, feature].argmax())
                expected.append((feature, response_id, at, column[at : at + 2 * window + 1].tolist()))
    kept = collector.kept()
    shown = kept.only(kept.feature_id % 7 == 0)
    columns = (shown.feature_id, shown.response_id, shown.argmax, shown.activations)
    assert list(zip(*(column.tolist() for column in columns), strict=True)) == expected
