from __future__ import annotations

import re

from persona_assets.cli.table import fitted, table_lines

SHOWN_AT_80 = ("feature_id", "label", "effect", "effect_low", "effect_high", "auroc", "q", "max")


def cell(name: str, value: object) -> str:
    return table_lines([name], [[value]])[1].strip()


def test_numbers_stand_to_the_right_and_text_to_the_left() -> None:
    assert table_lines(["role", "mean"], [["pirate", 12.0], ["ox", None]]) == [
        "role    mean",
        "pirate    12",
        "ox         –",
    ]


def test_a_long_cell_is_cut_to_60_columns() -> None:
    assert cell("response", "x" * 60) == "x" * 60
    assert cell("response", "x" * 61) == "x" * 59 + "…"
    assert cell("response", "龍" * 31) == "龍" * 29 + " …"  # two columns each


def test_floats_are_short_wherever_they_are() -> None:
    assert cell("activations", [0.123456, 2.0, None]) == "[0.1235, 2, –]"
    assert cell("by_variant", {0: 1.0, 3: 2 / 3}) == "{0: 1, 3: 0.6667}"


def test_the_pieces_of_a_text_are_joined_and_other_lists_are_not() -> None:
    assert cell("pieces", ["par", "r", "ot", " ahoy"]) == "parrot ahoy"
    assert cell("roles", ["pirate", "ghost"]) == "[pirate, ghost]"


def test_a_row_is_one_line_whatever_a_model_wrote() -> None:
    assert cell("response", "a\nb\x1b[31m\tc") == "a⏎b [31m c"


HEADER = [
    "feature_id", "label", "score", "lift", "effect", "effect_low", "effect_high", "auroc", "q", "mean",
    "mean_over_roles", "firing_rate", "firing_rate_over_roles", "n_active_responses", "n_responses", "max",
    "sd",
]  # fmt: skip
FEATURE = [
    817,
    "fires most on '.', '!', 'r' (parrot), ' me', ' treasure'",
    14.51,
    10.9,
    6.0712345,
    5.84,
    6.3012,
]
FEATURE += [1.0, 9e-63, 6.679, 0.6123, 1.0, 0.0921, 100, 100, 31.4, 1.077]


def test_in_a_narrow_terminal_the_last_texts_are_cut_first() -> None:
    rows = [["pirate", "a" * 50, "b" * 50]]
    for room, one, two in ((90, "a" * 50, "b" * 29 + "…"), (70, "a" * 39 + "…", "b" * 19 + "…")):
        table = fitted(["role", "one", "two"], rows, room)
        assert (table.lines[1], table.hidden) == (f"pirate  {one}  {two}", [])


def test_80_columns_have_room_for_what_tells_most_of_a_feature() -> None:
    table = fitted(HEADER, [FEATURE], 80)
    assert max(map(len, table.lines)) <= 80
    assert re.split(r" {2,}", table.lines[0]) == [
        "feature_id",
        "label",
        "effect [95%]",
        "auroc",
        "q",
        "max",
    ]
    assert "fires most on '.', '!'" in table.lines[1]
    assert "6.071 [5.84, 6.301]" in table.lines[1]
    assert table.hidden == [name for name in HEADER if name not in SHOWN_AT_80]


def test_evidence_is_the_last_to_be_hidden() -> None:
    header = [*HEADER[:3], "distinctness", *HEADER[3:]]
    row = [*FEATURE[:3], 0.0717, *FEATURE[3:]]
    for room in range(80, 200):
        shown = re.split(r" {2,}", fitted(header, [row], room).lines[0])
        assert "q" in shown
        assert "distinctness" in shown or not {"firing_rate", "max", "score", "sd"}.intersection(shown)
    assert "distinctness" in re.split(r" {2,}", fitted(header, [row], 96).lines[0])


def test_a_difference_and_its_interval_are_one_column_where_room_is_scarce() -> None:
    header = ["feature_id", "difference", "difference_low", "difference_high", "q"]
    assert fitted(header, [[817, 5.938, 4.519, 7.357, 0.04]], 60).lines == [
        "feature_id      difference [95%]     q",
        "       817  5.938 [4.519, 7.357]  0.04",
    ]


def test_a_label_is_whole_before_columns_that_tell_less_are_shown() -> None:
    for room in range(60, 300):
        table = fitted(HEADER, [FEATURE], room)
        assert max(map(len, table.lines)) <= room
        if "score" in table.lines[0]:
            assert str(FEATURE[1]) in table.lines[1]
    assert table.hidden == []


def test_columns_that_all_fit_are_all_shown_however_long_the_first_text() -> None:
    table = fitted(["question", "n", "mean"], [["why " * 20, 3, 0.25]], 40)
    assert table.hidden == []
    assert table.lines[1].endswith("…  3  0.25")


def test_numbers_are_never_cut_and_one_column_is_always_shown() -> None:
    numbers = [f"measured_{place}" for place in range(9)]
    table = fitted(numbers, [[123456.0] * 9], 30)
    assert table.lines[1].split() == ["1.235e+05"] * 2
    assert table.hidden == numbers[2:]
    assert fitted(["response"], [["x" * 50]], 10).lines[1] == "x" * 9 + "…"
    assert fitted([], [], 10).lines == []


def test_a_table_without_a_terminal_has_every_column() -> None:
    assert fitted(HEADER, [FEATURE], None).lines == table_lines(HEADER, [FEATURE])
    assert re.split(r" {2,}", table_lines(HEADER, [FEATURE])[0]) == HEADER
