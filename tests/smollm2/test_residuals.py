from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM

from tests.places import TOY
from tests.smollm2.residuals import Cache, is_no_sink
from tests.smollm2.texts import Block, Text

MODEL = str(TOY / "model")


@pytest.fixture
def block() -> Block:
    drawn = np.random.default_rng(0)
    return Block("here", False, tuple(Text(drawn.integers(5, 900, n, np.int32), 2) for n in (9, 4, 6)))


def test_the_stream_after_each_layer_is_kept_without_its_first_token(tmp_path: Path, block: Block) -> None:
    cache = Cache(tmp_path, MODEL, (0, 2))
    cache.fill([block], print)
    model = AutoModelForCausalLM.from_pretrained(MODEL, dtype=torch.float32)
    with torch.inference_mode():
        ids = [torch.from_numpy(text.ids).long()[None] for text in block.texts]
        states = [model(input_ids=one, output_hidden_states=True).hidden_states for one in ids]
    shortest_first = [states[1], states[2], states[0]]
    for layer in (0, 2):
        expected = torch.cat([one[layer + 1][0][is_no_sink(one[layer + 1][0])] for one in shortest_first])
        (found,) = cache.open(layer, [block])
        torch.testing.assert_close(torch.from_numpy(np.array(found)).float(), expected, rtol=2e-3, atol=2e-3)


def test_what_is_there_is_not_read_again(tmp_path: Path, block: Block) -> None:
    cache, told = Cache(tmp_path, MODEL, (1,)), list[str]()
    cache.fill([block], told.append)
    cache.fill([block], told.append)
    assert told == ["read block 1 of 1: here, 19 tokens"]
    assert [file.suffix for file in (tmp_path / "layer_1").iterdir()] == [".npy"]


def test_the_first_token_and_those_far_too_long_are_sinks() -> None:
    residuals = torch.ones(6, 4)
    residuals[3] *= 11
    assert is_no_sink(residuals).tolist() == [False, True, True, False, True, True]
