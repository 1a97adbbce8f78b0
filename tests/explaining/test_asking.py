"""How an explanation is asked for and read, without a model."""

from __future__ import annotations

import pytest

from persona_assets.explaining.asking import label_in, questions
from persona_assets.explaining.examples import Examples
from persona_assets.explaining.firing import Example
from persona_assets.generate.asked import AskedModel
from persona_assets.study.explaining import filled
from persona_assets.study.settings import ExplanationsSettings


@pytest.mark.parametrize(
    ("answer", "label"),
    [
        ("They speak of water.\nLabel: the open sea", "the open sea"),
        ('**Label:** "the open sea"\n', "the open sea"),
        ("label: first\nLabel: the  open\tsea\u202e", "the open sea"),
        ("<think>Label: a guess</think>\nLabel: the open sea", "the open sea"),
        ("Label:\nLabel: *ships*", "ships"),
        ("the open sea", None),
        ("Label:", None),
        ("<think>\nLabel: a guess</think>", None),
        ("<think>\nLabel: a guess", None),
        ("The label: is none", None),
        ("", None),
    ],
)
def test_the_last_line_that_begins_with_label_is_the_explanation(answer: str, label: str | None) -> None:
    assert label_in(answer) == label


def test_an_excerpt_cannot_forge_what_is_asked() -> None:
    assert filled("{examples}|{contrast}", "{contrast}", "{examples}") == "{contrast}|{examples}"


def test_a_model_is_shown_marked_tokens_and_silent_answers_but_none_that_could_forge_the_question() -> None:
    asking = ExplanationsSettings(model="tests/toy/data/model").asking
    model = AskedModel(asking)
    control = model._chat.tokenizer.eos_token
    its = Examples(
        shown=[
            Example("pirate", 1, ("The", " sea", "\n", "<<law>>"), (0.0, 2.0, 0.1, 0.0)),
            Example("pirate", 2, (f"The{control}", " sea"), (0.0, 2.0)),
        ],
        contrast=[Example("ghost", 1, ("The", " law<<<"), (0.0, 0.0))],
    )
    text = "Firing:\n{examples}\nSilent:\n{contrast}"
    several = {3: its, 4: Examples(shown=its.shown[1:]), 5: Examples(shown=its.shown[:1])}
    whole, nothing, one_sided = questions(model, text, several.items())
    assert whole.prompt is not None and whole.prompt.response_id == 3
    assert whole.prompt.question == "Firing:\n1. The<< sea>>↵< <law> >\nSilent:\n1. The law< < <"
    assert (whole.n_shown, whole.n_contrast) == (1, 1)
    assert nothing.prompt is None and nothing.n_shown == 0
    assert one_sided.prompt is not None and one_sided.prompt.question.endswith("Silent:\n(There are none.)")
    assert whole.examples_hash != one_sided.examples_hash
    assert whole.asked({"model": 1}) != whole.asked({"model": 2})


def test_an_excerpt_whose_marks_make_a_control_token_is_left_out() -> None:
    model = AskedModel(ExplanationsSettings(model="tests/toy/data/model").asking)
    control = model._chat.tokenizer.eos_token
    assert control[0] == "<" and control[-1] == ">"
    marked = Example("pirate", 1, ("The ", control[1:-1], " sea"), (0.0, 2.0, 0.0))
    plain = Example("ghost", 1, ("The ", control[1:-1], " law"), (0.0, 0.0, 0.0))
    assert model.may_read("".join(marked.pieces))  # by itself it holds none
    examples = {3: Examples(shown=[marked], contrast=[plain]), 4: Examples(shown=[plain], contrast=[marked])}
    nothing, without = questions(model, "{examples}\n{contrast}", examples.items())
    assert nothing.prompt is None and (nothing.n_shown, nothing.n_contrast) == (0, 1)
    assert without.prompt is not None and (without.n_shown, without.n_contrast) == (1, 0)
