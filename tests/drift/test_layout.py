from __future__ import annotations

import copy

import pytest
from transformers import PreTrainedTokenizerBase

from persona_assets.base.errors import StudyError
from persona_assets.drift.layout import lay_out, prompt_ids
from persona_assets.drift.transcript import Message, Transcript
from persona_assets.models.chat import ChatFormat
from tests.drift.made import conversation

NO_SYSTEM = (
    "{{ bos_token }}{% for m in messages %}{% if m['role'] == 'system' %}{{ raise_exception('no system') }}"
    "{% endif %}<start_of_turn>{{ m['role'] }}\n{{ m['content'] }}<end_of_turn>\n{% endfor %}"
    "{% if add_generation_prompt %}<start_of_turn>assistant\n{% endif %}"
)


def with_template(tokenizer: PreTrainedTokenizerBase, template: str) -> PreTrainedTokenizerBase:
    other = copy.deepcopy(tokenizer)
    other.chat_template = template
    return other


def answers(transcript: Transcript, tokenizer: PreTrainedTokenizerBase) -> list[str]:
    layout = lay_out(transcript, ChatFormat(tokenizer), None)
    return [tokenizer.decode(layout.token_ids[start:stop]) for start, stop in layout.spans]


def test_a_span_holds_the_answers_own_tokens_and_none_of_the_template(
    tokenizer: PreTrainedTokenizerBase,
) -> None:
    talk = conversation([("Who are you?", "A toy."), ("And?", "Nothing more.")], system="Be brief.")
    layout = lay_out(talk, ChatFormat(tokenizer), None)
    assert answers(talk, tokenizer) == ["A toy.", "Nothing more."]
    whole = tokenizer.decode(layout.token_ids)
    rendered = tokenizer.apply_chat_template(talk.plain, tokenize=False)
    assert rendered.startswith(whole) and whole.endswith("Nothing more.")
    assert layout.token_ids.tolist().count(tokenizer.bos_token_id) == 1


@pytest.mark.parametrize("said", ["model", "user\n", "user", "A", " \n padded \t", "Sentinel7391n0e", "x<y>"])
def test_text_that_also_stands_elsewhere_is_found_where_it_was_said(
    tokenizer: PreTrainedTokenizerBase, said: str
) -> None:
    talk = conversation([(said, said), ("model", said)])
    layout = lay_out(talk, ChatFormat(tokenizer), None)
    assert answers(talk, tokenizer) == [said.strip()] * 2
    for start, _ in layout.spans:
        assert tokenizer.decode(layout.token_ids[:start]).endswith("<start_of_turn>model\n")


def test_the_first_answer_has_the_prompt_it_would_be_generated_from(
    tokenizer: PreTrainedTokenizerBase,
) -> None:
    for system in (None, "You are a pirate."):
        layout = lay_out(conversation([("Who?", "Me.")], system), ChatFormat(tokenizer), None)
        start, stop = layout.spans[0]
        assert layout.token_ids[:start].tolist() == ChatFormat(tokenizer).prompt_ids(system, "Who?")
        assert (
            layout.token_ids[start:stop].tolist() == tokenizer("Me.", add_special_tokens=False)["input_ids"]
        )


def test_a_prompt_continues_as_its_conversation_is_laid_out(tokenizer: PreTrainedTokenizerBase) -> None:
    talk = conversation([("Who?", "\nMe."), ("Why?", "Because.")], "Be brief.")
    layout = lay_out(talk, ChatFormat(tokenizer), None)
    before_the_last = Transcript(talk.messages[:-1], "made")
    assert (
        prompt_ids(before_the_last, ChatFormat(tokenizer)) == layout.token_ids[: layout.spans[-1][0]].tolist()
    )


def test_a_template_without_a_system_role_is_given_the_instruction_in_the_first_question(
    tokenizer: PreTrainedTokenizerBase,
) -> None:
    other = with_template(tokenizer, NO_SYSTEM)
    talk = conversation([("Who?", "Me."), ("Why?", "You.")], system="Be brief.")
    layout = lay_out(talk, ChatFormat(other), None)
    assert answers(talk, other) == ["Me.", "You."]
    assert "user\nBe brief.\n\nWho?<end_of_turn>" in other.decode(layout.token_ids)
    with pytest.raises(StudyError, match=r"turn 1 \(message 4\)"):
        lay_out(talk, ChatFormat(other), layout.spans[1][1] - 1)


def test_a_template_that_changes_a_message_is_refused_by_turn(tokenizer: PreTrainedTokenizerBase) -> None:
    shouting = NO_SYSTEM.replace("m['content'] }}", "m['content'] | replace('soft', 'LOUD') }}")
    talk = conversation([("Hello", "Hi"), ("soft?", "no"), ("well", "so soft")])
    with pytest.raises(StudyError, match=r"^made: message 2: .* does not repeat it as it is"):
        lay_out(talk, ChatFormat(with_template(tokenizer, shouting)), None)
    forgetful = NO_SYSTEM.replace("messages %}", "messages[-1:] %}")
    with pytest.raises(StudyError, match="leaves messages out"):
        lay_out(talk, ChatFormat(with_template(tokenizer, forgetful)), None)


def test_what_the_template_refuses_is_said_in_one_line(tokenizer: PreTrainedTokenizerBase) -> None:
    twice = Transcript((Message("user", "a"), Message("user", "b"), Message("assistant", "c")), "twice")
    with pytest.raises(StudyError, match=r"^twice: .* refuses the conversation: .*alternate"):
        lay_out(twice, ChatFormat(tokenizer), None)


@pytest.mark.parametrize(
    ("talk", "place"),
    [
        (conversation([("a", "b<end_of_turn>\n<start_of_turn>user\nc")]), r"turn 0 \(message 1\)"),
        (conversation([("a", "b"), ("<bos>", "c")]), "message 2"),
    ],
)
def test_control_tokens_in_a_message_are_refused(
    tokenizer: PreTrainedTokenizerBase, talk: Transcript, place: str
) -> None:
    with pytest.raises(StudyError, match=rf"^made: {place}: holds the model's control token '<"):
        lay_out(talk, ChatFormat(tokenizer), None)


def test_a_conversation_may_fill_the_context_and_no_more(tokenizer: PreTrainedTokenizerBase) -> None:
    talk = conversation([("Who?", "Me."), ("Why?", "Because I am."), ("So?", "So.")])
    ends = [stop for _, stop in lay_out(talk, ChatFormat(tokenizer), None).spans]
    lay_out(talk, ChatFormat(tokenizer), ends[2])
    with pytest.raises(
        StudyError, match=rf"turn 1 \(message 3\): ends at token {ends[1]}, beyond .* of {ends[1] - 1}"
    ):
        lay_out(talk, ChatFormat(tokenizer), ends[1] - 1)
