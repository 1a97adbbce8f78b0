from __future__ import annotations

import gzip
from collections import deque
from random import Random
from typing import Any

import pytest

from persona_assets.base.errors import StudyError
from persona_assets.labels.export import ExportRow, read_export
from persona_assets.labels.neuronpedia import Explanation, SourceId
from tests.labels.conftest import HASTY
from tests.labels.server import MODEL, SOURCE, Server, batch, batch_path, body, hang_up, row, says, status

ID = SourceId(MODEL, SOURCE)


def read(server: Server, **options: Any) -> list[ExportRow]:
    return list(read_export(server.url, ID, HASTY, **options))


def test_rows_in_any_order_are_found_by_their_index(server: Server) -> None:
    rows = [row(index, f"about {index}") for index in range(300)]
    rows += [row(7, "ships", None), row(8, ""), row(9, None), {**row(0, "numbered"), "index": 299}]
    Random(0).shuffle(rows)
    for number in range(3):
        server.files[batch_path(number)] = batch(rows[number::3])
    heard: list[tuple[int, int]] = []
    found = read(server, progress=lambda done, total: heard.append((done, total)))
    expected = [(index, Explanation(f"about {index}", "gpt-4o-mini")) for index in range(300)]
    expected += [(7, Explanation("ships", None)), (299, Explanation("numbered", "gpt-4o-mini"))]
    assert sorted(found, key=repr) == sorted(expected, key=repr)
    assert heard == [(1, 1), (2, 2), (3, 3)]


@pytest.mark.parametrize("page_size", [1, 4, 1000])
def test_a_server_that_lists_its_files_tells_of_gaps_and_of_other_models_folders(
    server: Server, page_size: int
) -> None:
    server.page_size = page_size
    for number in (0, 2, 10):
        server.files[batch_path(number)] = batch([row(number, "ours")])
    server.files[batch_path(0, "explanations-claude")] = batch([row(5, "theirs", "claude")])
    server.files[batch_path(0, "explanations") + ".md5"] = b"no batch"
    server.files[f"/v1/{MODEL}/{SOURCE}/explanations/deep/batch-0.jsonl.gz"] = b"no batch"
    server.files[f"/v1/{MODEL}/{SOURCE}0/explanations/batch-0.jsonl.gz"] = b"of another source"
    heard: list[tuple[int, int]] = []
    found = read(server, progress=lambda done, total: heard.append((done, total)))
    assert [index for index, _ in found] == [0, 2, 10, 5]
    assert found[-1].explanation == Explanation("theirs", "claude")
    assert heard == [(1, 4), (2, 4), (3, 4), (4, 4)]


@pytest.mark.parametrize("answer", [status(403), body(b"<html>files</html>"), says({}), body(b"<Error/>")])
def test_where_files_are_not_listed_they_are_counted(server: Server, answer: Any) -> None:

    server.misdeeds["/"] = deque([answer])
    server.files[batch_path(0)] = batch([row(1, "ships")])
    assert read(server) == [ExportRow(1, Explanation("ships", "gpt-4o-mini"))]


@pytest.mark.parametrize("listed", [True, False])
def test_an_unknown_source_is_an_error(server: Server, listed: bool) -> None:
    server.page_size = 1000 if listed else None
    with pytest.raises(StudyError, match=r"neuronpedia_id"):
        read(server)


WHOLE = batch([row(index, f"about {index}") for index in range(100)])
DAMAGED = {
    "cut short": WHOLE[:-20],
    "cut in the header": WHOLE[:5],
    "without its checksum": WHOLE[:-8],
    "with a flipped byte": WHOLE[:100] + bytes([WHOLE[100] ^ 0xFF]) + WHOLE[101:],
    "with something behind": WHOLE + b"something",
    "empty": b"",
    "not packed": gzip.decompress(WHOLE),
}


@pytest.mark.parametrize("damage", DAMAGED)
def test_a_damaged_batch_is_an_error_that_names_it(server: Server, damage: str) -> None:
    server.files[batch_path(0)] = WHOLE
    server.files[batch_path(1)] = DAMAGED[damage]
    with pytest.raises(
        StudyError, match=r"explanations/batch-1\.jsonl\.gz: cut short or damaged \(.+\)"
    ) as bad:
        read(server)
    assert "\n" not in str(bad.value)


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        (b'{"index": ', "line 2: not valid JSON"),
        (b"\xff", "line 2: is not UTF-8"),
        (b"[]", "line 2: a line must be a JSON object"),
        (b'{"index": "x", "description": "ships"}', "line 2: 'x' is no feature's id"),
        (b'{"index": "1", "description": 5}', "line 2: `description` must be a text, not '5'"),
        (b'{"index": "1", "description": "a", "layer": "0-res"}', "line 2: is about layer '0-res'"),
    ],
)
def test_a_wrong_row_is_an_error_that_names_its_line(server: Server, line: bytes, complaint: str) -> None:
    server.files[batch_path(0)] = batch([row(1, "ships")]) + gzip.compress(line + b"\n")
    with pytest.raises(StudyError, match=r"batch-0\.jsonl\.gz, line 2") as wrong:
        read(server)
    assert complaint in str(wrong.value)


def test_a_row_of_any_length_is_not_held_in_memory(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("persona_assets.labels.export._LARGEST_LINE", 10_000)
    server.files[batch_path(0)] = batch([row(1, "x" * 20_000)])
    with pytest.raises(StudyError, match=r"batch-0\.jsonl\.gz: cut short or damaged \(.* too large\)"):
        read(server)


def test_a_batch_whose_transfer_broke_off_is_fetched_again(server: Server) -> None:
    server.files[batch_path(0)] = WHOLE
    server.misdeeds[batch_path(0)] = deque([hang_up, status(503)])
    assert len(read(server)) == 100
    assert server.asked[batch_path(0)] == 3


def test_a_batch_that_never_comes_whole_is_an_error(server: Server) -> None:
    server.files[batch_path(0)] = WHOLE
    server.misdeeds[batch_path(0)] = deque([hang_up] * 3)
    with pytest.raises(StudyError, match=r"batch-0\.jsonl\.gz: .*; check the address and the network"):
        list(read_export(server.url, ID, HASTY))
