"""What a scorer asks, and how answers are read."""

import pytest

from persona_assets.scoring.asking import answers_in, question
from persona_assets.scoring.items import ITEMS, Item

BATCH = [Item("Ahoy {label}", True), Item("no {n}", False)]


@pytest.mark.parametrize("scorer", ITEMS)
def test_the_question_holds_the_label_and_each_excerpt_on_a_line(scorer):
    asked = question(scorer, "talks like\na {excerpts} pirate", BATCH)
    lines = asked.splitlines()
    assert "talks like a {excerpts} pirate" in lines
    assert lines[lines.index("1. Ahoy {label}") + 1] == "2. no {n}"
    assert "Below are 2 excerpts" in asked and "a list of 2 numbers" in asked


def test_only_fuzzing_speaks_of_marks():
    assert "<<like this>>" in question("fuzzing", "x", BATCH)
    assert "<<" not in question("detection", "x", BATCH)


@pytest.mark.parametrize(
    "text",
    [
        "[1, 0, 1]",
        "1, 0, 1",
        "1\n0\n1",
        "<think>[0, 0, 0] or 7?</think>\n[1,0,1] as asked",
        "So: [1 0 1]. [2]",
    ],
)
def test_answers_are_read(text):
    assert answers_in(text, 3) == [True, False, True]


@pytest.mark.parametrize(
    "text",
    [
        *("", "[1, 0]", "[1, 0, 2]", "[1, 0, 1, 0]", "[]", "1. yes 2. no 3. yes", "١, ٠, ١"),
        "<think>perhaps [1, 0, 1]",  # cut off while it thought
    ],
)
def test_what_is_no_list_of_as_many_answers_is_not_read(text):
    assert answers_in(text, 3) is None


@pytest.mark.parametrize(
    "text", ["1. The molecule scatters light.", "1.  better place.\u21b5You", "[about 1]", ""]
)
def test_a_number_among_other_words_is_no_answer_about_one_excerpt(text):
    assert answers_in(text, 1) is None
    assert answers_in("1.", 1) == answers_in(" [1] ", 1) == [True]
