from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from persona_assets.base.errors import StudyError
from persona_assets.labels.cache import read_cache
from persona_assets.labels.table import Label

SHIP = Label(12, "ships", "cache", url="https://example.org/12")


def written(folder: Path, content: Any) -> Path:
    file = folder / "labels.json"
    file.write_text(content if isinstance(content, str) else json.dumps(content))
    return file


@pytest.mark.parametrize(
    "content",
    [
        {
            "12": {"description": "ships", "url": "https://example.org/12"},
            "13": "sails",
            "14": None,
            "15": "",
        },
        [
            {"feature_id": 12, "description": "ships", "url": "https://example.org/12"},
            {"feature_id": "13", "description": "sails"},
            {"feature_id": 14, "description": None},
            {"feature_id": 15, "description": " \x00"},
        ],
    ],
)
def test_both_shapes_are_read_and_empty_descriptions_left_out(tmp_path: Path, content: Any) -> None:
    assert read_cache(written(tmp_path, content)) == [SHIP, Label(13, "sails", "cache")]


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "data:text/html,x", "//example.org", "https://[", "http://a\x1b"]
)
def test_an_address_that_is_no_page_is_left_out(tmp_path: Path, url: str) -> None:
    file = written(tmp_path, [{"feature_id": 1, "description": "x", "url": url}])
    assert read_cache(file) == [Label(1, "x", "cache")]


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("{", "labels.json: not valid JSON"),
        ("[" * 100_000, "labels.json: not valid JSON"),
        ("7", "labels.json: must be a dictionary by feature id, or a list"),
        ('["ships"]', "labels.json: item 0: must be an object"),
        ('{"twelve": "ships"}', "labels.json: entry 'twelve': 'twelve' is no feature's id"),
        ('{"12": 5}', "labels.json: entry '12': `description` must be a text, not 5"),
        ('[{"description": "ships"}]', "labels.json: item 0: None is no feature's id"),
    ],
)
def test_what_is_no_cache_is_refused_by_name(tmp_path: Path, content: str, complaint: str) -> None:
    with pytest.raises(StudyError, match="labels") as refused:
        read_cache(written(tmp_path, content))
    assert complaint in str(refused.value)


def test_a_missing_cache_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match=r"none\.json: cannot be read \(No such file"):
        read_cache(tmp_path / "none.json")
