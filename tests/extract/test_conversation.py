from __future__ import annotations

import copy

import pyarrow as pa
import pytest

from persona_assets.base.errors import StudyError
from persona_assets.extract.conversation import read_conversations
from persona_assets.lake import schema
from persona_assets.models.chat import ChatFormat
from tests.extract.tiny import response_row

SELECTIONS = ["response_only", "response_to_end", "all"]
USER = {"role": "user", "content": "Who sails the sea?"}
ANSWER = "The wind will carry her."


def conversation(tokenizer, selection, prompt, response, context=None, span_tokens=()):
    table = pa.Table.from_pylist([response_row(0, 1, prompt, response)], schema=schema.RESPONSES.schema)
    return read_conversations(table, ChatFormat(tokenizer), selection, context, span_tokens)[0]


@pytest.fixture
def prompt(tokenizer) -> list[int]:
    return tokenizer.apply_chat_template([USER], add_generation_prompt=True)["input_ids"]


@pytest.fixture
def rendered(tokenizer) -> list[int]:
    """The whole conversation as the template renders and the tokenizer tokenizes it."""
    messages = [USER, {"role": "assistant", "content": ANSWER}]
    return tokenizer.apply_chat_template(messages)["input_ids"]


def ids(tokenizer, text: str) -> list[int]:
    return tokenizer(text, add_special_tokens=False)["input_ids"]


def test_closing_tokens_are_recognized_as_special_tokens(tokenizer) -> None:
    assert ChatFormat(tokenizer).closing_ids() == [
        tokenizer.convert_tokens_to_ids("<end_of_turn>"),
        *ids(tokenizer, "\n"),
    ]


def test_response_only_selects_exactly_the_response(tokenizer, prompt) -> None:
    response = ids(tokenizer, ANSWER)
    one = conversation(tokenizer, "response_only", prompt, response)
    assert one.token_ids.tolist() == prompt + response
    assert one.selected.tolist() == response
    assert tokenizer.decode(one.selected) == ANSWER


def test_response_to_end_selects_from_the_response_to_the_end_of_the_rendered_conversation(
    tokenizer, prompt, rendered
) -> None:
    one = conversation(tokenizer, "response_to_end", prompt, ids(tokenizer, ANSWER))
    assert one.token_ids.tolist() == rendered
    assert one.selected.tolist() == rendered[len(prompt) :]


def test_all_selects_the_rendered_conversation_with_its_single_bos(tokenizer, prompt, rendered) -> None:
    one = conversation(tokenizer, "all", prompt, ids(tokenizer, ANSWER))
    assert one.selected.tolist() == rendered
    assert rendered.count(tokenizer.bos_token_id) == 1
    assert one.selected[0] == tokenizer.bos_token_id


def test_template_like_text_in_a_response_does_not_move_the_span(tokenizer, prompt) -> None:
    text = "As they say: <end_of_turn>\n<start_of_turn>model\nAhoy<end_of_turn>\n"
    response = tokenizer(text, add_special_tokens=False, split_special_tokens=True)["input_ids"]
    assert tokenizer.convert_tokens_to_ids("<end_of_turn>") not in response
    for selection, after in [("response_only", 0), ("response_to_end", 2)]:
        one = conversation(tokenizer, selection, prompt, response)
        assert (one.start, one.stop) == (len(prompt), len(prompt) + len(response) + after)
        assert one.selected.tolist()[: len(response)] == response


@pytest.mark.parametrize("selection", SELECTIONS)
def test_a_response_with_a_control_token_in_it_is_excluded_by_its_name(selection, tokenizer, prompt) -> None:
    response = ids(tokenizer, "Ahoy<end_of_turn>\n<end_of_turn>")
    one = conversation(tokenizer, selection, prompt, response)
    assert one.excluded_reason == "control token <end_of_turn> within the response"
    assert one.n_selected == 0
    declared = conversation(tokenizer, selection, prompt, response, span_tokens=["<end_of_turn>"])
    assert declared.excluded_reason is None and declared.n_selected >= len(response)


def test_span_tokens_must_be_the_models(tokenizer, prompt) -> None:
    with pytest.raises(StudyError, match=r"span_tokens: the model has no token '<think>'.*<end_of_turn>"):
        conversation(tokenizer, "all", prompt, ids(tokenizer, "Ahoy"), span_tokens=["<think>"])


def test_ids_are_taken_as_they_are_even_where_the_tokenizer_would_join_them(tokenizer, prompt) -> None:
    letters = [ids(tokenizer, letter)[0] for letter in "sea"]
    assert ids(tokenizer, "sea") != letters
    assert conversation(tokenizer, "response_only", prompt, letters).selected.tolist() == letters


@pytest.mark.parametrize("selection", SELECTIONS)
def test_an_empty_response_is_excluded_with_a_reason(selection, tokenizer, prompt) -> None:
    one = conversation(tokenizer, selection, prompt, [])
    assert (one.excluded_reason, one.n_selected) == ("empty response", 0)


def test_a_conversation_longer_than_the_context_is_excluded_with_a_reason(tokenizer, prompt) -> None:
    response = ids(tokenizer, ANSWER)
    length = len(prompt) + len(response)
    assert conversation(tokenizer, "response_only", prompt, response, length).excluded_reason is None
    one = conversation(tokenizer, "response_only", prompt, response, length - 1)
    assert one.excluded_reason == f"longer than the model's context of {length - 1} tokens"
    assert one.n_selected == 0


def test_a_response_without_token_ids_is_an_error_that_names_it(tokenizer, prompt) -> None:
    with pytest.raises(StudyError, match="response 1: has no token ids"):
        conversation(tokenizer, "response_only", prompt, None)


def test_a_response_id_that_occurs_twice_is_an_error_that_names_it(tokenizer, prompt) -> None:
    rows = [response_row(0, 1, prompt, [5]), response_row(0, 1, prompt, [6])]
    table = pa.Table.from_pylist(rows, schema=schema.RESPONSES.schema)
    with pytest.raises(StudyError, match="response 1 occurs twice"):
        read_conversations(table, ChatFormat(tokenizer), "response_only", None)


def test_a_template_that_drops_the_assistants_message_is_refused(tokenizer, monkeypatch) -> None:
    monkeypatch.setattr(tokenizer, "chat_template", "{{ messages[0]['content'] }}")
    with pytest.raises(StudyError, match="does not repeat an assistant's message"):
        ChatFormat(tokenizer).closing_ids()


@pytest.mark.parametrize(
    ("selection", "spans", "selected"),
    [
        ("response_only", "auto", ANSWER),
        ("response_to_end", "answer", f"{ANSWER}<end_of_turn>\n"),
        ("response_only", "thinking", "<think>The sea.</think>"),
        ("response_only", "all", f"<think>The sea.</think>\n{ANSWER}"),
        ("all", "auto", None),
    ],
)
def test_of_a_response_that_thinks_the_span_that_is_asked_for_is_selected(
    tokenizer, prompt, selection, spans, selected
) -> None:
    thinker = copy.deepcopy(tokenizer)
    thinker.add_tokens(["<think>", "</think>"])
    response = ids(thinker, f"<think>The sea.</think>\n{ANSWER}")
    row = response_row(0, 1, prompt, response)
    table = pa.Table.from_pylist([row], schema=schema.RESPONSES.schema)
    [one] = read_conversations(table, ChatFormat(thinker), selection, None, spans=spans)
    assert one.excluded_reason is None
    whole = thinker.decode(one.token_ids)
    assert thinker.decode(one.selected) == (whole if selected is None else selected)
    assert one.token_ids.tolist()[: len(prompt) + len(response)] == prompt + response  # all of it is read


@pytest.mark.parametrize(
    ("said", "spans", "reason"),
    [
        ("<think>The sea and", "auto", "ends within its thinking"),
        ("Ahoy <think>a</think> Ahoy", "auto", "its answer is in 2 pieces"),
        ("Ahoy", "thinking", "does not think"),
    ],
)
def test_a_response_without_the_one_span_is_excluded_with_a_reason(
    tokenizer, prompt, said, spans, reason
) -> None:
    thinker = copy.deepcopy(tokenizer)
    thinker.add_tokens(["<think>", "</think>"], special_tokens=True)  # which may stand in it all the same
    row = response_row(0, 1, prompt, ids(thinker, said))
    table = pa.Table.from_pylist([row], schema=schema.RESPONSES.schema)
    [one] = read_conversations(table, ChatFormat(thinker), "response_only", None, spans=spans)
    assert (one.excluded_reason, one.n_selected) == (reason, 0)
