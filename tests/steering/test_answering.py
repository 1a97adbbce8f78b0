"""Small models answer while their stream is edited: against whole passes without any cache."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import pytest
import torch
from transformers import PreTrainedTokenizerFast

from persona_assets.base.errors import StudyError
from persona_assets.extract.backbone import Backbone
from persona_assets.generate.backend import Completion
from persona_assets.generate.prompts import Prompt
from persona_assets.generate.transformers import TransformersBackend
from persona_assets.models.hooks import HookPoint
from persona_assets.models.loading import text_config
from persona_assets.models.places import Change, Place, changed
from persona_assets.steering.answering import SteeredBackend
from persona_assets.steering.caps import Cap, Floor
from persona_assets.steering.edits import Edit, along
from persona_assets.study.settings import GenerationSettings
from tests.places import TOY

N_TOKENS = 10
PROMPTS = [
    Prompt(0, number, None, "?", ids, seed=number)
    for number, ids in enumerate(([1, *range(9, 30)], [1, *range(9, 29), 40], [1, 9, 50]))
]
POINT = HookPoint(2, "hook_resid_post")


def settings(model: str, temperature: float = 1.0) -> GenerationSettings:
    return GenerationSettings(
        model=model,
        dtype="float32",
        max_tokens=N_TOKENS,
        temperature=temperature,
        engine={"device": "cpu"},
    )


def edit(backend: SteeredBackend, level: float, seed: int = 0) -> Edit:
    width = backend._backend.model.get_decoder().config.hidden_size
    direction = torch.randn(width, generator=torch.Generator().manual_seed(seed))
    return Edit(along(direction), "add", level)


def in_order(backend: SteeredBackend, edits: Sequence[Change], whole: bool) -> list[list[Completion]]:
    """Return the answers to all prompts under each edit."""
    batches = backend.answers(edits, PROMPTS, whole_conversation=whole)
    found = {(place, one.response_id): one for batch in batches for place, one in batch}
    return [[found[place, one.response_id] for one in PROMPTS] for place in range(len(edits))]


@pytest.fixture(params=["toy", "llama", "multimodal"])
def model(
    request: pytest.FixtureRequest,
    model_directory: Callable[..., str],
    multimodal: str,
    tokenizer: PreTrainedTokenizerFast,
) -> str:
    """One with sliding windows, one whose prompts' beginnings are read once, and one of text and pictures."""
    tokenizer.save_pretrained(multimodal)
    made = {"toy": str(TOY / "model"), "llama": model_directory("llama"), "multimodal": multimodal}
    return made[request.param]


@pytest.fixture
def steered(model: str) -> Iterator[SteeredBackend]:
    backend = SteeredBackend(settings(model), POINT)
    yield backend
    backend.close()


def test_a_cap_holds_every_token_at_what_an_edit_leaves(steered: SteeredBackend) -> None:
    away = edit(steered, -500.0)
    cap = Cap((Floor(away.written.row, 1.0, POINT.layer),), steered._backend.generation.model)
    above = steered._own().layers[POINT.layer + 1]
    reached = {}
    for name, caps in (("held", [cap]), ("left", [])):
        lowest: list[float] = []
        with changed(
            Place(above, "input"),
            lambda one, to=lowest: to.append(float((one.float() @ away.written.row).min())) or one,
        ):
            list(steered.answers([away], PROMPTS[2:], whole_conversation=False, caps=caps))
        reached[name] = lowest
    assert min(reached["held"]) > 0.9 > reached["left"][0]  # the first pass reads the prompt
    assert max(reached["left"][1 - N_TOKENS :]) < -100


def test_at_strength_0_the_answers_are_those_of_the_plain_backend(
    steered: SteeredBackend, model: str
) -> None:
    plain = TransformersBackend(settings(model))
    expected = {one.response_id: one.token_ids for one in plain.complete(PROMPTS)}
    for whole in (False, True):
        nothing, other = in_order(steered, [edit(steered, 0.0), edit(steered, 60.0)], whole)
        assert {one.response_id: one.token_ids for one in nothing} == expected
        assert {one.response_id: one.token_ids for one in other} != expected


@pytest.mark.parametrize("whole", [False, True])
def test_each_token_of_an_answer_is_edited_once_and_the_prompts_only_if_they_are_to_be(
    steered: SteeredBackend, whole: bool
) -> None:
    seen: list[tuple[int, int]] = []

    def counting(stream: torch.Tensor) -> torch.Tensor:
        seen.append((stream.shape[0], stream.shape[1]))
        return stream

    [answers] = in_order(steered, [counting], whole)
    longest = max(len(one.token_ids) + (one.finish_reason == "stop") for one in answers)
    prompts = [(3, len(PROMPTS[0].token_ids))] if whole else []
    assert seen == [*prompts, *[(3, 1)] * (longest - 1)]


@pytest.mark.parametrize("whole", [False, True])
def test_greedy_answers_are_those_of_whole_passes_with_the_answer_edited(whole: bool, model: str) -> None:
    backend = SteeredBackend(settings(model, temperature=0), POINT)
    edits = [edit(backend, 25.0), edit(backend, 25.0, seed=1)]
    answers = in_order(backend, edits, whole)
    differ = set()
    for made, of_edit in zip(edits, answers, strict=True):
        for prompt, answer in zip(PROMPTS, of_edit, strict=True):
            first = 0 if whole else len(prompt.token_ids)
            ids = torch.tensor([prompt.token_ids + answer.token_ids])

            def some(stream: torch.Tensor, made: Edit = made, first: int = first) -> torch.Tensor:
                return torch.cat([stream[:, :first], made(stream[:, first:])], dim=1)

            with torch.inference_mode(), changed(backend._place, some):
                predicted = backend._backend.model(input_ids=ids).logits[0].argmax(-1).tolist()
            assert predicted[len(prompt.token_ids) - 1 : -1] == answer.token_ids
            differ.add(tuple(answer.token_ids))
    assert len(differ) > len(PROMPTS)


def test_a_shared_model_keeps_its_end_tokens_where_a_stream_cannot_be_changed() -> None:
    model = str(TOY / "model")
    config = text_config(model)
    whole = Backbone.load(model, None, config, config.num_hidden_layers, "float32", "cpu", whole=True)
    own = whole.causal.generation_config
    assert own.eos_token_id is not None
    with pytest.raises(StudyError, match="cannot be changed"):
        SteeredBackend(settings(model), HookPoint(2, "hook_resid_mid"), whole=whole)
    assert whole.causal.generation_config is own
