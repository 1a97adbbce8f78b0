"""Extraction against the dense way, in the same run: whole model with its head, one conversation at a time,
`sae.encode` to a dense array, NumPy mean and max. Storing is not counted. And several SAEs against one.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import torch
from report import record
from sae_lens import SAE
from synthetic_model import N_CONVERSATIONS, random_responses, realistic_sae, residual, save_model
from transformers import AutoModelForCausalLM

from persona_assets.extract.evidence import DrawnCollector
from persona_assets.extract.extractor import Extractor
from persona_assets.extract.shapes import ShapesCollector
from persona_assets.study.settings import ExtractionSettings

LAYER = 3
ROUNDS = 3
DEMO = {  # as large as the demo's
    "hidden_size": 192,
    "intermediate_size": 768,
    "num_hidden_layers": 6,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 48,
}
# The larger SAEs cost as much of the layers below them as 65,536 features do of Gemma-3-27B's first 40.
DEEP = {
    "hidden_size": 256,
    "intermediate_size": 2048,
    "num_hidden_layers": 12,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 64,
}
N_FEW = 16  # conversations
BESIDES = (ShapesCollector, DrawnCollector)
FOUR = {f"l{layer}_{d_sae}": (layer, d_sae) for layer in (8, 11) for d_sae in (1_024, 2_048)}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    return save_model(tmp_path_factory.mktemp("model"), **DEMO)


@pytest.fixture(scope="module")
def responses() -> pa.Table:
    return random_responses()


@pytest.mark.parametrize(("d_sae", "goal"), [(65_536, ">= 4"), (4_096, ">= 1.5")])
def test_extraction(
    d_sae: int, goal: str, model: str, responses: pa.Table, tmp_path: Path, benchmark
) -> None:
    whole = AutoModelForCausalLM.from_pretrained(model, dtype=torch.float32).eval()
    path = realistic_sae(whole, responses, d_sae, LAYER, tmp_path)
    sae = SAE.load_from_disk(path)
    extractor = Extractor.open(
        ExtractionSettings(
            model=model, dtype="float32", saes={"sae": {"path": path}}, engine={"device": "cpu"}
        )
    )
    dense = _dense(whole, sae, responses)
    extractor.extract(responses)
    dense()
    baseline: list[float] = []
    # A round of the dense way before each of ours: on a busy machine both suffer alike.
    benchmark.pedantic(
        lambda: extractor.extract(responses), setup=lambda: baseline.append(_seconds(dense)), rounds=ROUNDS
    )
    ratio = min(baseline) / benchmark.stats.stats.min
    record(f"extraction, d_sae {d_sae:,}", goal, ratio, "times the dense way's responses/s")
    record(f"extraction, d_sae {d_sae:,}", "", N_CONVERSATIONS / benchmark.stats.stats.min, "responses/s")


def _seconds(work: Callable[[], Any]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _dense(whole: Any, sae: Any, responses: pa.Table) -> Callable[[], list[Any]]:
    """The dense way over all responses."""
    rows = responses.select(["prompt_token_ids", "response_token_ids"]).to_pylist()

    @torch.inference_mode()
    def one(prompt: list[int], response: list[int]) -> tuple[Any, Any]:
        stream = residual(whole, prompt + response, LAYER)[len(prompt) :]
        codes = sae.encode(stream).numpy()
        return codes.mean(axis=0), codes.max(axis=0)

    return lambda: [one(*row.values()) for row in rows]


def test_what_is_kept_of_single_tokens(
    model: str, responses: pa.Table, tmp_path: Path, benchmark, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Extraction with and without what is kept of single tokens besides the evidence, turn about."""
    whole = AutoModelForCausalLM.from_pretrained(model, dtype=torch.float32).eval()
    sae = realistic_sae(whole, responses, 4_096, LAYER, tmp_path)  # where reading costs least
    extractor = Extractor.open(
        ExtractionSettings(
            model=model, dtype="float32", saes={"sae": {"path": sae}}, engine={"device": "cpu"}
        )
    )
    extractor.extract(responses)
    times: dict[bool, list[float]] = {True: [], False: []}

    def one_of_each() -> None:
        for kept in times:
            with monkeypatch.context() as silenced:
                for collector in () if kept else BESIDES:
                    silenced.setattr(collector, "add", lambda *_: None)
                times[kept].append(_cpu_seconds(extractor, responses, ["sae"]))

    benchmark.pedantic(one_of_each, rounds=2 * ROUNDS)
    ratio = min(times[True]) / min(times[False])
    record("what is kept of single tokens", "<= 1.1", ratio, "times the CPU time without")


def test_four_saes(responses: pa.Table, tmp_path: Path, benchmark) -> None:
    responses = responses.slice(0, N_FEW)
    deep = save_model(tmp_path / "model", **DEEP)
    whole = AutoModelForCausalLM.from_pretrained(deep, dtype=torch.float32).eval()
    saes = {
        name: {"path": realistic_sae(whole, responses, d_sae, layer, tmp_path / name)}
        for name, (layer, d_sae) in FOUR.items()
    }
    extractor = Extractor.open(
        ExtractionSettings(model=deep, dtype="float32", saes=saes, engine={"device": "cpu"})
    )
    extractor.extract(responses)
    alone: list[list[float]] = []
    together: list[float] = []

    def one_of_each() -> None:
        alone.append([_cpu_seconds(extractor, responses, [name]) for name in saes])
        together.append(_cpu_seconds(extractor, responses, list(saes)))

    benchmark.pedantic(one_of_each, rounds=ROUNDS)
    each = [min(times) for times in zip(*alone, strict=True)]
    # The last is the wider one at the higher layer.
    record("four SAEs, two layers, two widths", "", min(together) / each[-1], "times the CPU time of one")
    record("four SAEs, each in a pass of its own", "", sum(each) / each[-1], "times the CPU time of one")


def _cpu_seconds(extractor: Extractor, responses: pa.Table, saes: list[str]) -> float:
    """This process's own: what others do on the machine is not counted."""
    start = time.process_time()
    extractor.extract(responses, saes=saes)
    return time.process_time() - start
