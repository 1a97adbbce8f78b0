from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from persona_assets.base.errors import StudyError
from persona_assets.drift.transcript import Message, Transcript, read_transcript

HELLO = [{"role": "user", "content": "Hello"}, {"role": "assistant", "content": "Hé, hello!"}]


def written(folder: Path, content: Any, name: str = "talk.json") -> Path:
    file = folder / name
    file.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return file


def test_a_conversation_is_a_list_or_stands_under_its_key(tmp_path: Path) -> None:
    alone = read_transcript(written(tmp_path, HELLO))
    keyed = read_transcript(written(tmp_path, {"conversation": HELLO, "name": "A talk", "sensitive": True}))
    assert alone == Transcript((Message("user", "Hello"), Message("assistant", "Hé, hello!")), "talk")
    assert keyed == Transcript(alone.messages, "A talk", sensitive=True)
    assert keyed.turns == [1]


def test_a_run_is_known_by_its_conversation_alone(tmp_path: Path) -> None:
    alone = read_transcript(written(tmp_path, HELLO))
    renamed = read_transcript(written(tmp_path, {"conversation": HELLO, "name": "Other", "sensitive": True}))
    extended = read_transcript(written(tmp_path, [*HELLO, HELLO[0]]))
    noted = read_transcript(written(tmp_path, [{**HELLO[0], "at": 3}, HELLO[1]]))
    assert alone.run == renamed.run == noted.run != extended.run
    assert alone.run == hashlib.sha1(json.dumps(HELLO, sort_keys=True).encode()).hexdigest()[:10]


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("{", "not valid JSON"),
        ("[" * 100_000, "not valid JSON"),
        ("3", "holds no conversation"),
        ({"messages": HELLO}, "holds no conversation"),
        ([], "no assistant message"),
        (HELLO[:1], "no assistant message"),
        ([*HELLO, "hi"], "message 2: must be"),
        ([{"role": "user"}], "message 0: content must be a text, not missing"),
        ([{"role": "user", "content": ["parts"]}], "message 0: content must be a text"),
        (
            [{"role": "tool", "content": "x"}],
            "message 0: unknown role 'tool'; known are system, user, assistant",
        ),
        ([{"role": ["\n"], "content": "x"}], "unknown role"),
        ([HELLO[0], {"role": "assistant", "content": " \n"}], "message 1: content is empty"),
        ([*HELLO, {"role": "system", "content": "x"}], "message 2: a system message can only be the first"),
        ('[{"role": "assistant", "content": "\\ud800"}]', "half of a surrogate pair"),
        ({"conversation": HELLO, "name": 7}, "name must be"),
        ({"conversation": HELLO, "name": "two\nlines"}, "name must be"),
        ({"conversation": HELLO, "name": "\x1b[2J"}, "name must be"),
        ({"conversation": HELLO, "name": "x" * 201}, "name must be"),
        ({"conversation": HELLO, "sensitive": "no"}, "sensitive must be true or false"),
    ],
)
def test_what_is_no_conversation_gets_one_line_that_names_the_place(
    tmp_path: Path, content: Any, complaint: str
) -> None:
    file = written(tmp_path, content)
    with pytest.raises(StudyError) as raised:
        read_transcript(file)
    assert str(raised.value).startswith(str(file)) and complaint in str(raised.value)
    assert "\n" not in str(raised.value) and "\x1b" not in str(raised.value)


def test_a_file_that_is_not_there_or_not_text_is_named(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="none.json: cannot be read"):
        read_transcript(tmp_path / "none.json")
    (tmp_path / "bytes.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(StudyError, match="bytes.json: is not UTF-8"):
        read_transcript(tmp_path / "bytes.json")


def test_a_file_name_that_cannot_be_printed_names_no_run(tmp_path: Path) -> None:
    assert read_transcript(written(tmp_path, HELLO, "a\nb\x1b.json")).name == "a?b?"
