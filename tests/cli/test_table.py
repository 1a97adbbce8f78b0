from __future__ import annotations

from persona_assets.cli.table import table_lines


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


def test_in_a_narrow_terminal_the_last_columns_are_cut_first() -> None:
    rows = [["pirate", "a" * 50, "b" * 50]]
    assert table_lines(["role", "one", "two"], rows, room=90)[1] == f"pirate  {'a' * 50}  {'b' * 29}…"
    assert table_lines(["role", "one", "two"], rows, room=70)[1] == f"pirate  {'a' * 39}…  {'b' * 19}…"
