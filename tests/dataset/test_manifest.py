"""A data set's list comes from strangers: whatever is wrong in it is refused before anything is fetched."""

from __future__ import annotations

import json
from typing import Any

import pytest

from persona_assets.base.errors import StudyError
from persona_assets.study.dataset import DataSet, parsed_dataset
from persona_assets.study.roles import check_name
from persona_assets.study.settings.block import LONGEST_NAME

FILE = {
    "path": "data/small/activations/sae=first/role=pirate/00112233445566aa.parquet",
    "bytes": 12,
    "sha256": "0" * 64,
    "table": "activations",
    "mart": None,
    "n_rows": 3,
}
MANIFEST: dict[str, Any] = {
    "dataset": 1,
    "study": "small",
    "license": "mit",
    "made_by": "persona-assets 0.2",
    "published_at": "2026-01-01T00:00:00Z",
    "snapshot": "0123456789abcdef",
    "settings": {},
    "files": [FILE],
}


def parsed(changes: dict[str, Any], of_file: dict[str, Any] | None = None) -> DataSet:
    manifest = MANIFEST | {"files": [FILE | (of_file or {})]} | changes
    return parsed_dataset(json.dumps(manifest), "dataset.json")


def test_a_list_as_it_is_written_is_read() -> None:
    dataset = parsed({})
    assert dataset.n_bytes == 12
    assert [file.table for file in dataset.of("activations")] == ["activations"]
    assert parsed_dataset(dataset.model_dump_json(), "x") == dataset


def test_every_name_that_a_study_may_have_stands_in_a_list() -> None:
    name = "a" * LONGEST_NAME
    check_name(name, "somewhere")
    path = f"data/{name}/activations/sae={name}/role={name}/00112233445566aa.parquet"
    assert parsed({"study": name}, {"path": path}).files[0].path == path
    with pytest.raises(StudyError, match="is not allowed; use .* at most 120"):
        check_name(f"{name}a", "somewhere")


@pytest.mark.parametrize(
    "path",
    [
        "../outside.parquet",
        "data/../../outside.parquet",
        "/tmp/outside.parquet",
        "data/./x.parquet",
        "data//x.parquet",
        "data\\..\\x.parquet",
        "data/x y.parquet",
        "data/x.parquet\n",
        "data/\u202ex.parquet",
        "data/..parquet",
        "data/x.sh",
        "data/.x.parquet",
        "README.md",
        "snapshot.duckdb",
        "data/" + "x/" * 300 + "x.parquet",
        "data/x.parquet?y",
        "data/x*.parquet",
        "https://example.org/x.parquet",
        "~/x.parquet",
        "",
    ],
)
def test_a_path_that_may_lead_elsewhere_is_refused(path: str) -> None:
    with pytest.raises(StudyError, match=r"dataset\.json: files\.0\.path"):
        parsed({}, {"path": path})


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("bytes", -1),
        ("bytes", 0),
        ("bytes", 2**60),
        ("bytes", "12"),
        ("bytes", 1.5),
        ("sha256", "0" * 63),
        ("sha256", "G" * 64),
        ("table", "../x"),
        ("mart", "a b"),
        ("n_rows", -1),
        ("more", 1),
    ],
)
def test_what_a_file_cannot_be_is_refused(key: str, value: object) -> None:
    with pytest.raises(StudyError, match=rf"dataset\.json: files\.0\.{key}"):
        parsed({}, {key: value})


@pytest.mark.parametrize(
    "changes",
    [
        {"study": "../x"},
        {"dataset": 2},
        {"files": "x"},
        {"settings": []},
        {"license": 3},
        {"files": [FILE, FILE]},
    ],
)
def test_what_a_list_cannot_say_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(StudyError, match="ask whoever wrote the data set"):
        parsed(changes)


@pytest.mark.parametrize("text", ["", "[]", "[" * 100_000, "{", '{"a": NaN', "\x00"])
def test_what_is_no_list_is_refused_in_a_line(text: str) -> None:
    with pytest.raises(StudyError) as told:
        parsed_dataset(text, "dataset.json")
    assert "\n" not in str(told.value)


def test_what_strangers_write_is_shown_in_one_line() -> None:
    assert parsed({"license": "mit\n\x1b[31mred" + "x" * 500}).license.startswith("mit \\x1b[31mred")
    assert len(parsed({"made_by": "x" * 500}).made_by) == 200
