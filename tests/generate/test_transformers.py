from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM, TemperatureLogitsWarper, TopPLogitsWarper

from persona_assets.base.errors import StudyError
from persona_assets.generate.prompts import Prompt, build_prompts
from persona_assets.generate.transformers import SeededSampling, TransformersBackend
from persona_assets.models.chat import ChatFormat
from persona_assets.study.questions import Question
from persona_assets.study.roles import Role
from persona_assets.study.settings import GenerationSettings
from tests.extract.families import FAMILIES
from tests.generate.models import random_model_of, without_end_of_turn

SETTINGS: dict[str, Any] = {
    "model": "tests/toy/data/model",
    "prompt_indices": [0],
    "max_tokens": 80,
    "dtype": "float32",
    "engine": {"batch_size": 4},
}
PIRATE = Role("pirate", ("You are a pirate captain.",))
QUESTIONS = [
    Question(number, f"What is {word}?") for number, word in enumerate(["trust", "the sea", "a star"])
]


def backend_of(**changes: Any) -> TransformersBackend:
    return TransformersBackend(GenerationSettings(**SETTINGS | changes))


@pytest.fixture(scope="module")
def backend() -> TransformersBackend:
    return backend_of()


def prompts_for(backend: TransformersBackend, questions: list[Question]) -> list[Prompt]:
    return build_prompts(PIRATE, questions, backend.generation, ChatFormat(backend.tokenizer))


def test_every_prompt_is_answered_once_with_the_ids_of_its_text(backend: TransformersBackend) -> None:
    prompts = prompts_for(backend, QUESTIONS)
    completions = list(backend.complete(prompts))
    assert sorted(c.response_id for c in completions) == [p.response_id for p in prompts]
    for completion in completions:
        assert completion.token_source == "generated"
        assert completion.text == backend.tokenizer.decode(completion.token_ids, skip_special_tokens=True)
        assert completion.text.strip()


def test_a_finished_answer_leaves_out_the_token_that_ended_it(backend: TransformersBackend) -> None:
    completions = list(backend.complete(prompts_for(backend, QUESTIONS)))
    stopped = [completion for completion in completions if completion.finish_reason == "stop"]
    assert stopped
    assert not {token for completion in stopped for token in completion.token_ids} & backend.stop_ids


def test_an_answer_ends_where_the_templates_turn_ends_though_the_model_names_another_end(
    backend: TransformersBackend, tmp_path: Path
) -> None:
    other = backend_of(model=without_end_of_turn(tmp_path / "model"))
    assert other.stop_ids == backend.stop_ids == {1, 5}
    expected, found = (
        {c.response_id: (c.token_ids, c.finish_reason) for c in one.complete(prompts_for(one, QUESTIONS))}
        for one in (backend, other)
    )
    assert found == expected


def test_a_cut_answer_says_so_and_has_all_its_tokens() -> None:
    short = backend_of(max_tokens=3)
    for completion in short.complete(prompts_for(short, QUESTIONS)):
        assert (completion.finish_reason, len(completion.token_ids)) == ("length", 3)


def test_an_answer_does_not_grow_past_the_models_window() -> None:
    tight = backend_of(max_model_len=32)
    prompts = prompts_for(tight, QUESTIONS)
    longest = max(len(prompt.token_ids) for prompt in prompts)
    for completion in tight.complete(prompts):
        assert len(completion.token_ids) <= 32 - longest


def test_the_same_prompts_give_the_same_text_whatever_the_order(backend: TransformersBackend) -> None:
    prompts = prompts_for(backend, QUESTIONS)
    forward = {c.response_id: c.token_ids for c in backend.complete(prompts)}
    backward = {c.response_id: c.token_ids for c in backend.complete(prompts[::-1])}
    assert forward == backward


def test_a_rows_draw_depends_on_its_own_seed_alone(backend: TransformersBackend) -> None:
    together = {c.response_id: c.text for c in backend.complete(prompts_for(backend, QUESTIONS))}
    alone = {c.response_id: c.text for c in backend.complete(prompts_for(backend, QUESTIONS[1:2]))}
    assert alone.items() <= together.items()


def test_another_study_seed_gives_other_text(backend: TransformersBackend) -> None:
    other = backend_of(seed=1)
    ours, theirs = (
        {c.response_id: c.token_ids for c in b.complete(prompts_for(b, QUESTIONS))} for b in (backend, other)
    )
    assert ours != theirs


def test_temperature_zero_takes_the_likeliest_token() -> None:
    greedy = backend_of(temperature=0.0, max_tokens=1)
    prompts = prompts_for(greedy, QUESTIONS[:1])
    with torch.inference_mode():
        logits = greedy.model(torch.tensor([prompts[0].token_ids])).logits
    completion = next(iter(greedy.complete(prompts)))
    assert completion.token_ids == [int(logits[0, -1].argmax())]


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_says_what_transformers_alone_says(family: str, tmp_path: Path) -> None:
    """Greedily token by token, whatever is shared and padded; and a sampled row the same in any batch."""
    model = random_model_of(family, tmp_path / family)
    greedy = backend_of(model=model, temperature=0.0, max_tokens=20, max_model_len=128)
    plain = AutoModelForCausalLM.from_pretrained(model, dtype=torch.float32).eval()
    prompts = prompts_for(greedy, QUESTIONS)
    answers = {c.response_id: c.token_ids for c in greedy.complete(prompts)}
    for prompt in prompts:
        ids = torch.tensor([prompt.token_ids])
        said = plain.generate(ids, do_sample=False, max_new_tokens=20, eos_token_id=sorted(greedy.stop_ids))
        expected = [token for token in said[0, ids.shape[1] :].tolist() if token not in greedy.stop_ids]
        assert answers[prompt.response_id] == expected
    assert len({token for ids in answers.values() for token in ids}) > 3
    sampled = (backend_of(model=model, max_tokens=20, engine={"batch_size": size}) for size in (1, 4))
    alone, together = ({c.response_id: c.token_ids for c in one.complete(prompts)} for one in sampled)
    assert alone == together


def test_an_unknown_engine_option_is_named() -> None:
    with pytest.raises(StudyError, match="'batchsize' for transformers; did you mean batch_size"):
        backend_of(engine={"batchsize": 1})


def test_a_missing_model_directory_is_named() -> None:
    with pytest.raises(StudyError, match=r"tests/toy/data/nothing: no such model directory"):
        backend_of(model="tests/toy/data/nothing")


def test_drawn_tokens_follow_their_probabilities_and_never_the_impossible() -> None:
    n_draws, probabilities = 20_000, torch.tensor([0.0, 0.5, 0.0, 0.3, 0.2, 0.0])
    uniforms = torch.rand(n_draws, 1, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    uniforms[:2, 0] = torch.tensor([0.0, 1 - 2.0**-53], dtype=torch.float64)
    sampling = SeededSampling(uniforms, n_prompt_tokens=1)
    scores = sampling(torch.zeros(n_draws, 1, dtype=torch.long), probabilities.log().expand(n_draws, -1))
    frequencies = (scores == 0).double().mean(0)
    assert frequencies.sum() == pytest.approx(1)
    assert frequencies[probabilities == 0].sum() == 0
    assert torch.allclose(frequencies, probabilities.double(), atol=0.02)


@pytest.mark.parametrize(("spread", "top_p"), [(3.0, 0.9), (0.01, 0.9), (3.0, 0.05), (8.0, 0.999)])
def test_the_nucleus_is_that_of_transformers_however_many_tokens_it_takes(
    spread: float, top_p: float
) -> None:
    """A flat distribution's is larger than the likeliest tokens that are looked at first."""
    scores = spread * torch.randn(8, 2000, generator=torch.Generator().manual_seed(0))
    uniforms = torch.rand(8, 1, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    ours = SeededSampling(uniforms, 1, temperature=0.7, top_p=top_p)
    warped = TopPLogitsWarper(top_p)(torch.empty(0), TemperatureLogitsWarper(0.7)(torch.empty(0), scores))
    plain = SeededSampling(uniforms, 1)
    ids = torch.zeros(8, 1, dtype=torch.long)
    assert torch.equal(ours(ids, scores), plain(ids, warped))
