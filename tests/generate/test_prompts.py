from __future__ import annotations

import pytest
from transformers import AutoTokenizer, PreTrainedTokenizerBase

from persona_assets.base.errors import StudyError
from persona_assets.generate.prompts import build_prompts, response_seed
from persona_assets.models.chat import ChatFormat
from persona_assets.study.questions import Question
from persona_assets.study.roles import Role, fill
from persona_assets.study.settings import GenerationSettings
from tests.places import PROJECT

DROPS_SYSTEM = (
    "{{ bos_token }}{% for m in messages %}{% if m.role == 'user' %}"
    "Q: {{ m.content }}\n{% endif %}{% endfor %}"
)
REFUSES_SYSTEM = (
    "{{ bos_token }}{% for m in messages %}{% if m.role == 'system' %}"
    "{{ raise_exception('no system role') }}{% endif %}{{ m.role }}: {{ m.content }}\n{% endfor %}"
)
QUESTIONS = [Question(7, "What is trust?"), Question(3, "Why do stars shine?")]


@pytest.fixture
def tokenizer() -> PreTrainedTokenizerBase:
    return AutoTokenizer.from_pretrained(PROJECT / "tests/toy/data/model")


def text_of(tokenizer: PreTrainedTokenizerBase, system: str | None, question: str) -> str:
    return tokenizer.decode(ChatFormat(tokenizer).prompt_ids(system, question))


def test_a_prompt_holds_exactly_one_beginning_of_sequence(tokenizer: PreTrainedTokenizerBase) -> None:
    ids = ChatFormat(tokenizer).prompt_ids("You are a ghost.", "Who are you?")
    assert ids[0] == tokenizer.bos_token_id
    assert ids.count(tokenizer.bos_token_id) == 1


def test_a_prompt_ends_where_the_models_turn_begins(tokenizer: PreTrainedTokenizerBase) -> None:
    assert text_of(tokenizer, "You are a ghost.", "Who are you?").endswith(
        "Who are you?<end_of_turn>\n<start_of_turn>model\n"
    )


@pytest.mark.parametrize("template", [DROPS_SYSTEM, REFUSES_SYSTEM])
def test_without_a_system_role_the_instruction_goes_before_the_question(
    tokenizer: PreTrainedTokenizerBase, template: str
) -> None:
    tokenizer.chat_template = template
    assert "You are a ghost.\n\nWho are you?" in text_of(tokenizer, "You are a ghost.", "Who are you?")


def test_an_empty_instruction_sends_no_system_message(tokenizer: PreTrainedTokenizerBase) -> None:
    assert text_of(tokenizer, fill("", "Toy"), "Who are you?") == (
        "<bos><start_of_turn>user\nWho are you?<end_of_turn>\n<start_of_turn>model\n"
    )


def test_the_models_name_is_filled_in_literally() -> None:
    assert fill("You are {model_name}, {not} a {0}.", "Toy") == "You are Toy, {not} a {0}."


def test_prompts_are_variant_major_and_keep_the_questions_own_ids(
    tokenizer: PreTrainedTokenizerBase,
) -> None:
    role = Role("ghost", ("", "You are a ghost named {model_name}."))
    settings = GenerationSettings(model="x", model_name="Toy", prompt_indices=[1, 0])
    prompts = build_prompts(role, QUESTIONS, settings, ChatFormat(tokenizer))
    assert [prompt.response_id for prompt in prompts] == [100_007, 100_003, 7, 3]
    assert [prompt.system_prompt for prompt in prompts] == ["You are a ghost named Toy."] * 2 + [None] * 2


def test_every_response_has_a_seed_of_its_own_that_fits_a_double() -> None:
    seeds = {
        response_seed(study, role, variant, question)
        for study in (0, 1)
        for role in ("ghost", "pirate")
        for variant in range(5)
        for question in range(20)
    }
    assert len(seeds) == 2 * 2 * 5 * 20
    assert max(seeds) < 2**53


def test_a_prompt_that_leaves_no_room_is_named(tokenizer: PreTrainedTokenizerBase) -> None:
    settings = GenerationSettings(model="x", prompt_indices=[0], max_model_len=8)
    with pytest.raises(StudyError, match=r"role ghost, variant 0, question 7: .*max_model_len = 8"):
        build_prompts(Role("ghost", ("You are a ghost.",)), QUESTIONS, settings, ChatFormat(tokenizer))
