"""Thinking is told from answers by the model's own tokens, whoever opens it, and wherever it is cut off."""

from __future__ import annotations

import copy

import pytest
from transformers import PreTrainedTokenizerBase

from persona_assets.models.chat import ChatFormat
from persona_assets.models.loading import load_tokenizer
from persona_assets.models.thinking import Thinking
from persona_assets.study.template import Template

CHANNELS = ["<|start|>", "<|channel|>", "<|message|>", "<|end|>"]
# As Qwen 3's: with thinking turned off the prompt holds a span that is empty.
QWEN = (
    "{% for m in messages %}<start_of_turn>{{ m['role'] }}\n{{ m['content'] }}<end_of_turn>\n{% endfor %}"
    "{% if add_generation_prompt %}<start_of_turn>model\n"
    "{% if enable_thinking is defined and enable_thinking is false %}"
    "<think>\n\n</think>\n\n{% endif %}{% endif %}"
)
# As DeepSeek R1's and Qwen 3 Thinking's: the prompt opens the thinking.
OPENING = QWEN.split("{% if enable_thinking")[0] + "<think>\n{% endif %}"
# As gpt-oss's.
HARMONY = (
    "{% for m in messages %}<|start|>{{ m['role'] }}<|message|>{{ m['content'] }}<|end|>{% endfor %}"
    "{% if add_generation_prompt %}<|start|>assistant{% endif %}"
)


def tokenizer_with(tokens: list[str], *, special: bool = False) -> PreTrainedTokenizerBase:
    tokenizer = copy.deepcopy(load_tokenizer("tests/toy/data/model"))
    tokenizer.add_tokens(tokens, special_tokens=special)
    return tokenizer


@pytest.fixture(scope="module")
def tagged() -> PreTrainedTokenizerBase:
    return tokenizer_with(["<think>", "</think>"])


@pytest.fixture(scope="module")
def channelled() -> PreTrainedTokenizerBase:
    return tokenizer_with(CHANNELS, special=True)


def told(
    tokenizer: PreTrainedTokenizerBase, template: str, response: str, **arguments: object
) -> list[tuple[str, str]]:
    """The response's spans as (kind, text), after a prompt that `template` renders."""
    thinking = Thinking.of(tokenizer)
    assert thinking is not None
    prompt = ChatFormat(tokenizer, Template(arguments=arguments, text=template)).prompt_ids(
        None, "Who are you?"
    )
    ids = tokenizer(response, add_special_tokens=False)["input_ids"]
    spans = thinking.spans(prompt, ids)
    return [(kind, tokenizer.decode(ids[start:stop])) for kind, start, stop in spans]


@pytest.mark.parametrize(
    ("response", "spans"),
    [
        ("Ahoy, the sea!", [("answer", "Ahoy, the sea!")]),
        (" Ahoy", [("answer", " Ahoy")]),
        ("", []),
        ("<think>The sea.</think>\n\nAhoy!", [("thinking", "<think>The sea.</think>"), ("answer", "Ahoy!")]),
        ("<think>\n\n</think>\n\nAhoy!", [("thinking", "<think>\n\n</think>"), ("answer", "Ahoy!")]),
        ("\n<think>The sea.</think>Ahoy!", [("thinking", "<think>The sea.</think>"), ("answer", "Ahoy!")]),
        ("<think>The sea and the", [("thinking", "<think>The sea and the")]),
        ("<think>The sea.</think>\n\n", [("thinking", "<think>The sea.</think>")]),
        ("The sea.</think>Ahoy!", [("thinking", "The sea.</think>"), ("answer", "Ahoy!")]),
        (
            "Ahoy! <think>The sea.</think>And <think>on",
            [
                ("answer", "Ahoy! "),
                ("thinking", "<think>The sea.</think>"),
                ("answer", "And "),
                ("thinking", "<think>on"),
            ],
        ),
        ("<think>a<think>b</think>c", [("thinking", "<think>a<think>b</think>"), ("answer", "c")]),
    ],
)
def test_tags_tell_thinking_from_the_answer(
    tagged: PreTrainedTokenizerBase, response: str, spans: list[tuple[str, str]]
) -> None:
    assert told(tagged, QWEN, response) == spans


def test_a_prompt_may_open_the_thinking(tagged: PreTrainedTokenizerBase) -> None:
    spans = [("thinking", "The sea.</think>"), ("answer", "Ahoy!")]
    assert told(tagged, OPENING, "The sea.</think>\n\nAhoy!") == spans
    assert told(tagged, OPENING, "The sea and the") == [("thinking", "The sea and the")]


def test_a_prompt_that_closes_the_thinking_leaves_an_answer(tagged: PreTrainedTokenizerBase) -> None:
    assert told(tagged, QWEN, "Ahoy!", enable_thinking=False) == [("answer", "Ahoy!")]


def test_a_tag_in_the_question_opens_nothing(tagged: PreTrainedTokenizerBase) -> None:
    thinking = Thinking.of(tagged)
    assert thinking is not None
    prompt = ChatFormat(tagged, Template(text=QWEN)).prompt_ids(None, "What does <think> mean?")
    assert thinking.marks["<think>"] in prompt
    assert [span.kind for span in thinking.spans(prompt, [5, 6])] == ["answer"]


@pytest.mark.parametrize(
    ("response", "kinds", "answer"),
    [
        (
            "<|channel|>analysis<|message|>The sea.<|end|><|start|>assistant<|channel|>final<|message|>Ahoy!",
            ["thinking", "answer"],
            "Ahoy!",
        ),
        ("<|channel|>final<|message|>Ahoy!<|end|>", ["answer"], "Ahoy!"),
        ("<|channel|>analysis<|message|>The sea and", ["thinking"], None),
        (
            "<|channel|>analysis<|message|>The sea.<|end|><|start|>assistant<|chan",
            ["thinking", "other"],
            None,
        ),
        ("<|channel|>commentary to=tool<|message|>The sea.<|end|>", ["other"], None),
        ("Ahoy!", ["answer"], "Ahoy!"),
    ],
)
def test_channels_tell_thinking_from_the_answer(
    channelled: PreTrainedTokenizerBase, response: str, kinds: list[str], answer: str | None
) -> None:
    spans = told(channelled, HARMONY, response)
    assert [kind for kind, _ in spans] == kinds
    assert dict(spans).get("answer") == answer


def test_a_prompt_may_open_a_channel(channelled: PreTrainedTokenizerBase) -> None:
    final = HARMONY.replace("assistant{", "assistant<|channel|>final<|message|>{")
    assert told(channelled, final, "Ahoy!") == [("answer", "Ahoy!")]
    analysis = final.replace("final", "analysis")
    assert told(channelled, analysis, "The sea.") == [("thinking", "The sea.")]


def test_a_model_without_tokens_for_it_does_not_think() -> None:
    assert Thinking.of(load_tokenizer("tests/toy/data/model")) is None
    assert Thinking.of(tokenizer_with(["<think>"])) is None
