from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from persona_assets.base.errors import StudyError
from persona_assets.base.given import (
    is_file,
    is_folder,
    one_line,
    parsed_json,
    path_from_home,
    printable,
    read_json,
    read_text,
    read_yaml,
    shown,
)

Reader = Callable[[Path], Any]

BOMB = "a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n"
    for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "handed.over"


def refused(read: Reader, file: Path) -> str:
    with pytest.raises(StudyError) as raised:
        read(file)
    message = str(raised.value)
    assert "\n" not in message
    assert len(message) < 900
    return message


@pytest.mark.parametrize("read", [read_text, read_json, read_yaml])
@pytest.mark.parametrize(
    ("place", "word"),
    [
        (lambda file: None, "cannot be read (No such file"),
        (lambda file: file.mkdir(), "is not a plain file"),
        (lambda file: os.mkfifo(file), "is not a plain file"),
        (lambda file: file.symlink_to("/dev/zero"), "is not a plain file"),
        (lambda file: file.symlink_to(file), "cannot be read"),
        (lambda file: file.write_bytes(b"\xff\xfe\x00"), "is not UTF-8"),
    ],
)
def test_what_is_no_text_file_is_refused_in_a_line(
    read: Reader, place: Callable[[Path], object], word: str, file: Path
) -> None:
    place(file)
    assert word in refused(read, file)


@pytest.mark.parametrize("name", ["x" * 300, "a\0b", "half\ud800"])
def test_what_is_no_path_is_refused_in_a_line(name: str, tmp_path: Path) -> None:
    refused(read_text, tmp_path / name)


def test_a_file_that_is_too_large_is_refused_before_it_is_parsed(file: Path) -> None:
    file.write_text("a: " + "x" * 2**20)
    assert "larger than 1 MiB" in refused(read_yaml, file)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ('{"a": 1, "a": 2}', "'a' stands twice"),
        ("[" * 100_000, "JSON"),
        ("[" * 101 + "]" * 101, "100 levels"),
        ("1" * 6_000, "JSON"),
        ('{"a": 1,}', "JSON"),
        ("", "JSON"),
    ],
)
def test_json_that_would_break_its_reader_is_refused_in_a_line(text: str, word: str, file: Path) -> None:
    file.write_text(text)
    assert word in refused(read_json, file)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        (BOMB, "more than 100,000 values"),
        ("[" * 5_000, "100 levels"),
        ("[" * 500_000, "100 levels"),
        ("- " * 200_000 + "x", "100 levels"),
        ("a: 'open", "YAML"),
        ("[" * 101 + "]" * 101, "100 levels"),
        ("a: &a [*a]", "100 levels"),
        ("type: 2024-13-45", "month"),
        ("a: " + "1" * 6_000, "YAML"),
        ("a: 0x_", "YAML"),
        ("seed: !!int", "YAML"),
        ("strict: !!bool maybe", "YAML ('maybe')"),
        ("a: !!python/object/apply:os.system [echo]", "could not determine a constructor"),
        ("? [a]\n: b", "unhashable"),
        ("a: 1\nb: {c: 1, c: 2}", "the key 'c' stands twice in one block, in line 2 and in line 2"),
        ("a:\n  c: 1\n  d: 2\n  c: 3\nc: 4", "'c' stands twice in one block, in line 2 and in line 4"),
        ("a: 1\n---\nb: 2", "expected a single document"),
    ],
)
def test_yaml_that_would_break_its_reader_is_refused_in_a_line(text: str, word: str, file: Path) -> None:
    file.write_text(text)
    assert word in refused(read_yaml, file)


def test_a_byte_order_mark_is_no_part_of_the_text(file: Path) -> None:
    file.write_bytes(b'\xef\xbb\xbf{"a": "\xe2\x98\xa0"}')
    assert read_json(file) == {"a": "☠"}
    assert read_yaml(file) == {"a": "☠"}


def test_aliases_that_do_not_multiply_are_read(file: Path) -> None:
    file.write_text("a: &a [1, 2]\nb: *a\n")
    assert read_yaml(file) == {"a": [1, 2], "b": [1, 2]}


def test_nesting_is_allowed_up_to_its_bound() -> None:
    assert parsed_json("[" * 100 + "]" * 100, "here") == parsed_json("[" * 100 + "]" * 100, "there")


@pytest.mark.parametrize("name", ["x" * 300, "a\0b", "half\ud800", "loop"])
def test_what_is_no_path_is_neither_a_file_nor_a_folder(name: str, tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    assert not is_file(tmp_path / name) and not is_folder(tmp_path / name)


def test_a_home_of_nobody_is_refused_in_a_line() -> None:
    with pytest.raises(StudyError, match="^~nobodyhere/x: there is no such user"):
        path_from_home("~nobodyhere/x")
    assert path_from_home("~") == Path.home()


@pytest.mark.parametrize(
    "value",
    ["x" * 10**6, [[[1] * 1000] * 1000] * 1000, 2**100_000, "a\x1b[2J\n\ud800"],
    ids=["long", "wide", "huge", "escapes"],
)
def test_a_value_is_shown_short_in_one_line_and_obeyed_by_no_terminal(value: object) -> None:
    assert len(shown(value)) <= 60 and shown(value).isprintable()


def test_what_a_terminal_would_obey_is_written_as_an_escape() -> None:
    assert printable("a\x1b[2J\u202eb\nc\td ü 海") == "a\\x1b[2J\\u202eb\nc\\td ü 海"
    assert one_line("a\nb" + "c" * 100, 10) == "a bcccccc…"
