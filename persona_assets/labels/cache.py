"""A JSON file of descriptions: `{"12": "…"}`, `{"12": {"description": "…", "url": "…"}}` or a list of
`{"feature_id": 12, "description": "…", "url": "…"}`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from persona_assets.base.errors import StudyError
from persona_assets.base.given import read_json, shown
from persona_assets.base.text import MAX_NAME, cleaned
from persona_assets.labels.table import Label, feature_number

_SHAPES = 'a dictionary by feature id, or a list of {"feature_id", "description", "url"}'


def read_cache(file: Path) -> list[Label]:
    """Return the labels of `file`; entries without a description are left out.

    Raises StudyError, naming the file and the entry, where it is missing or of another shape.
    """
    return [label for where, entry in _entries(file) if (label := _label(where, entry)) is not None]


def _entries(file: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    content = read_json(file, "mend the file, or correct labels.cache")
    if isinstance(content, dict):
        for key, value in content.items():
            entry = value if isinstance(value, dict) else {"description": value}
            yield f"{file}: entry {shown(key)}", {**entry, "feature_id": key}
    elif isinstance(content, list):
        for number, entry in enumerate(content):
            if not isinstance(entry, dict):
                raise StudyError(f"{file}: item {number}: must be an object; the file is {_SHAPES}")
            yield f"{file}: item {number}", entry
    else:
        raise StudyError(f"{file}: must be {_SHAPES}")


def _label(where: str, entry: dict[str, Any]) -> Label | None:
    feature_id = feature_number(entry.get("feature_id"), where)
    description = _text(entry, "description", where)
    url = _text(entry, "url", where)
    model = _text(entry, "model", where)
    if not cleaned(description):
        return None
    return Label(
        feature_id, cleaned(description), "cache", cleaned(model, MAX_NAME) or None, _web_address(url)
    )


def _text(entry: dict[str, Any], key: str, where: str) -> str:
    value = entry.get(key)
    if value is not None and not isinstance(value, str):
        raise StudyError(f"{where}: `{key}` must be a text, not {shown(value)}")
    return value or ""


def _web_address(url: str) -> str | None:
    """`url`, if it is one that may become a link: a page, not a script."""
    try:
        return url if urlsplit(url).scheme in ("http", "https") and cleaned(url) == url else None
    except ValueError:
        return None
