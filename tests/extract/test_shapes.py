from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
import torch

from persona_assets.extract.backend import PooledBatch
from persona_assets.extract.conversation import Conversation
from persona_assets.extract.pool import active, pool
from persona_assets.extract.shapes import ShapesCollector
from persona_assets.lake.kept import FIRST_TOKEN_BIN, N_TOKEN_BINS
from persona_assets.lake.schema import TOKEN_SHAPES
from tests.extract.test_evidence import D_SAE, some_responses

EDGES = (2.0 ** ((FIRST_TOKEN_BIN + np.arange(N_TOKEN_BINS + 1)) / 2)).astype(np.float32)


def collect(
    conversations: list[Conversation], codes: list[np.ndarray], batch: int = 4, masks: bool = False
) -> pa.Table:
    lengths = {one.response_id: len(dense) for one, dense in zip(conversations, codes, strict=True)}
    collector = ShapesCollector(codes[0].shape[1], lengths, masks)
    for at in range(0, len(conversations), batch):
        part = codes[at : at + batch]
        ids = np.array([one.response_id for one in conversations[at : at + batch]])
        rows = torch.from_numpy(np.concatenate(part))
        pooled = pool(active(rows), torch.tensor([len(one) for one in part]), rows.shape[1])
        collector.add(PooledBatch("sae", ids, pooled, np.zeros(len(ids), np.int64)))
    return collector.table()


def spread(seed: int) -> tuple[list[Conversation], list[np.ndarray]]:
    """Responses whose activations lie anywhere: at edges of bins, and beyond the outermost."""
    random = np.random.default_rng(seed)
    conversations, codes = some_responses(seed)
    scales = [np.exp2(random.integers(-15, 22, size=one.shape) / 2).astype(np.float32) for one in codes]
    return conversations, [(one > 0) * scale * (1 + one) for one, scale in zip(codes, scales, strict=True)]


def brute_force(codes: list[np.ndarray], feature: int) -> dict[str, object]:
    """From every token's activation, one response after another."""
    fired = [one[:, feature].astype(float) for one in codes if one[:, feature].any()]
    places = [np.linspace(-1, 1, len(one)) if len(one) > 1 else np.zeros(1) for one in fired]
    every = np.concatenate([one[one > 0] for one in fired]).astype(np.float32)
    bins = np.clip(np.searchsorted(EDGES, every, "right") - 1, 0, N_TOKEN_BINS - 1)
    counts = np.bincount(bins, minlength=N_TOKEN_BINS)
    pairs = list(zip(fired, places, strict=True))
    return {
        "first_bin": FIRST_TOKEN_BIN + bins.min(),
        "counts": counts[bins.min() : bins.max() + 1].tolist(),
        "place_squares": pytest.approx(sum((x**2).sum() for x in places)),
        "squares": pytest.approx(sum(((a - a.mean()) ** 2).sum() for a in fired)),
        "place_products": pytest.approx(sum((a * x).sum() for a, x in pairs), rel=1e-6, abs=1e-6),
        "place_sum": pytest.approx(sum(x[a > 0].sum() for a, x in pairs), rel=1e-6, abs=1e-6),
    }


@pytest.mark.parametrize("make", [some_responses, spread])
@pytest.mark.parametrize("seed", range(4))
def test_shapes_equal_brute_force_over_every_tokens_activation(seed: int, make) -> None:
    conversations, codes = make(seed)
    table = collect(conversations, codes)
    assert table.schema == TOKEN_SHAPES.schema
    rows = {row.pop("feature_id"): row for row in table.to_pylist()}
    assert list(rows) == [feature for feature in range(D_SAE) if any(one[:, feature].any() for one in codes)]
    for feature, row in rows.items():
        assert row == brute_force(codes, feature)


def test_the_sums_give_the_correlation_of_what_is_centred_within_responses() -> None:
    conversations, codes = some_responses(3)
    for row in collect(conversations, codes).to_pylist():
        fired = [one[:, row["feature_id"]].astype(float) for one in codes if one[:, row["feature_id"]].any()]
        centred = np.concatenate([one - one.mean() for one in fired])
        places = np.concatenate([np.linspace(-1, 1, len(one)) if len(one) > 1 else [0.0] for one in fired])
        if row["squares"] * row["place_squares"] > 1e-9:
            own = row["place_products"] / (row["squares"] * row["place_squares"]) ** 0.5
            assert own == pytest.approx(np.corrcoef(centred, places)[0, 1], abs=1e-6)


def test_shapes_do_not_depend_on_how_responses_are_batched() -> None:
    conversations, codes = some_responses(7)
    tables = [collect(conversations, codes, batch).drop(["squares"]) for batch in (1, 3, 30)]
    for table in tables[1:]:
        assert table.select(["feature_id", "first_bin", "counts"]).equals(
            tables[0].select(["feature_id", "first_bin", "counts"])
        )
        assert table["place_products"].to_numpy() == pytest.approx(tables[0]["place_products"].to_numpy())


def test_nothing_is_said_of_places_where_some_tokens_are_not_pooled() -> None:
    conversations, codes = some_responses(1)
    table, masked = collect(conversations, codes), collect(conversations, codes, masks=True)
    sums = ["place_squares", "squares", "place_products", "place_sum"]
    assert all(masked[name].null_count == masked.num_rows for name in sums)
    assert masked.drop(sums).equals(table.drop(sums))


def test_no_activation_gives_no_shape() -> None:
    conversations, codes = some_responses(0)
    table = collect(conversations, [one * 0 for one in codes])
    assert table.num_rows == 0 and table.schema == TOKEN_SHAPES.schema
