from __future__ import annotations

from pathlib import Path

import pytest

from persona_assets.base.errors import StudyError
from persona_assets.base.jsonl import read_records, write_records


def test_any_text_comes_back_one_record_a_line(tmp_path: Path) -> None:
    records = [{"text": "a\nb\u2028c\x85d\r“é” 🏴", "id": 1}, {"text": "", "id": 2}]
    write_records(tmp_path / "file.jsonl", records)
    assert [record.content for record in read_records(tmp_path / "file.jsonl")] == records
    assert (tmp_path / "file.jsonl").read_bytes().count(b"\n") == 2


def test_a_failing_writer_leaves_the_earlier_file(tmp_path: Path) -> None:
    file = tmp_path / "file.jsonl"
    write_records(file, [{"id": 1}])
    with pytest.raises(TypeError):
        write_records(file, [{"id": 2}, {"id": object()}])
    assert [record.content for record in read_records(file)] == [{"id": 1}]
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize("line", [b'{"id": 1', b"[1]", b"7", b'{"a": "\xff"}', b"[" * 100_000])
def test_a_line_that_is_no_object_is_refused_by_file_and_line(tmp_path: Path, line: bytes) -> None:
    file = tmp_path / "file.jsonl"
    file.write_bytes(b'{"id": 0}\n\n' + line + b"\n")
    with pytest.raises(StudyError) as caught:
        list(read_records(file))
    assert str(caught.value).startswith(f"{file}:3: ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ('{"text": 7, "id": 1}', "`text` must be a text, not 7"),
        ('{"id": 1}', "`text` must be a text, not missing"),
        ('{"text": "half \\ud83d", "id": 1}', "half of a surrogate pair"),
        ('{"text": "x", "id": "1"}', "`id` must be a whole number, not '1'"),
        ('{"text": "x", "id": true}', "`id` must be a whole number, not True"),
        ('{"text": "x", "id": 1.0}', "`id` must be a whole number, not 1.0"),
    ],
)
def test_a_value_of_the_wrong_kind_is_refused(tmp_path: Path, content: str, complaint: str) -> None:
    file = tmp_path / "file.jsonl"
    file.write_text(content)
    (record,) = read_records(file)
    with pytest.raises(StudyError) as caught:
        record.text("text"), record.number("id")
    assert str(caught.value).startswith(f"{file}:1: ")
    assert complaint in str(caught.value)


def test_a_byte_order_mark_is_passed_over_and_a_key_given_twice_is_not(tmp_path: Path) -> None:
    file = tmp_path / "file.jsonl"
    file.write_bytes(b'\xef\xbb\xbf{"id": 1}\n{"id": 2, "id": 3}\n')
    records = read_records(file)
    assert next(records).content == {"id": 1}
    with pytest.raises(StudyError, match=r"file\.jsonl:2: .*the key 'id' stands twice"):
        next(records)
