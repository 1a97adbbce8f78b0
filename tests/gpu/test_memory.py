"""A device that has no memory for a batch reads smaller ones; a GPU is really out of memory here."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import pytest
import torch
from transformers import Qwen3Config

from persona_assets.base.errors import StudyError
from persona_assets.extract.backbone import Backbone
from persona_assets.extract.backend import PooledBatch
from persona_assets.extract.encode import encoder
from persona_assets.extract.passes import Passes
from persona_assets.extract.reader import Reader
from persona_assets.models.hooks import HookPoint
from tests.gpu.models import conversations, random_backbone, roughened
from tests.gpu.saes import random_sae

POINTS = [HookPoint(0, "hook_resid_post"), HookPoint(1, "hook_resid_post")]
VOCABULARY = 100
LIMIT = 200  # tokens, of the device that is made short of memory


@dataclass
class Cramped(Backbone):
    """Has no memory for more than `LIMIT` padded tokens."""

    def selected_rows(self, conversations, points):
        if len(conversations) * max(len(one.token_ids) for one in conversations) > LIMIT:
            raise torch.OutOfMemoryError("out of memory")
        return super().selected_rows(conversations, points)


@pytest.fixture
def passes(device: torch.device) -> Passes:
    sizes = {"hidden_size": 64, "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 16}
    wide = 48 if device.type == "cpu" else 16384
    config = Qwen3Config(vocab_size=VOCABULARY, intermediate_size=wide, num_hidden_layers=2, **sizes)
    return Passes(roughened(random_backbone(config, device, torch.float32)), 10**9)


def readers(device: torch.device) -> list[Reader]:
    saes = [random_sae("jumprelu", 64, 300, point, device, torch.float32) for point in POINTS]
    return [Reader(f"layer_{sae.point.layer}", sae, encoder(sae, "sae")) for sae in saes]


@contextmanager
def short_of_memory(passes: Passes) -> Iterator[Passes]:
    """The same passes where a few batches of `LIMIT` tokens fit at most."""
    if passes.backbone.device.type == "cpu":
        yield Passes(Cramped(**vars(passes.backbone)), passes.budget)
        return
    torch.cuda.empty_cache()
    room = torch.cuda.memory_reserved() + 300 * 2**20
    torch.cuda.set_per_process_memory_fraction(room / torch.cuda.get_device_properties(0).total_memory)
    try:
        yield passes
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)


def by_response(batches: list[PooledBatch]) -> dict[tuple[str, int], dict[int, float]]:
    """The means of each SAE and response, by feature."""
    found: dict[tuple[str, int], dict[int, float]] = {}
    for batch in batches:
        for index, response_id in enumerate(batch.response_ids.tolist()):
            of = batch.pooled.response == index
            key = (batch.sae, response_id)
            assert key not in found, f"{key} came twice"
            features, means = batch.pooled.feature[of].tolist(), batch.pooled.mean[of].tolist()
            found[key] = dict(zip(features, means, strict=True))
    return found


def test_a_batch_too_large_for_memory_is_read_in_smaller_ones_and_a_line_says_so(
    passes: Passes, device: torch.device, caplog: pytest.LogCaptureFixture
) -> None:
    number, answers = (20, (5, 30)) if device.type == "cpu" else (400, (50, 100))
    asked, reading = conversations(number, VOCABULARY, (3, 9), answers), readers(device)
    expected = by_response(list(Passes(passes.backbone, LIMIT).pooled(asked, reading)))
    with short_of_memory(passes) as cramped, caplog.at_level(logging.WARNING):
        found = by_response(list(cramped.pooled(asked, reading)))
    assert cramped.budget < 10**9
    lines = [record.getMessage() for record in caplog.records]
    assert lines and all("has no memory for a batch of" in line for line in lines)
    assert f"going on with {cramped.budget:,} (extraction.engine: {{tokens_per_batch: " in lines[-1]
    assert found.keys() == expected.keys()
    for key, means in expected.items():
        features = sorted(means.keys() & found[key].keys())
        assert len(features) >= 0.99 * max(len(means), len(found[key]))  # rounding may decide at a threshold
        pairs = np.array([(means[one], found[key][one]) for one in features])
        np.testing.assert_allclose(pairs[:, 0], pairs[:, 1], rtol=1e-3, atol=1e-4)


def test_one_conversation_too_large_for_memory_is_named(passes: Passes, device: torch.device) -> None:
    n_tokens = LIMIT + 1 if device.type == "cpu" else 40_000
    asked = conversations(1, VOCABULARY, (1, 1), (n_tokens, n_tokens))
    told = rf"response 0: {device.type}.* no memory for its {n_tokens + 1:,} tokens"
    with short_of_memory(passes) as cramped, pytest.raises(StudyError, match=told):
        list(cramped.pooled(asked, readers(device)))
