"""Answers held to the explorer's contract: its types, not one key more or less, and columns of one length."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from jsonschema import Draft202012Validator, ValidationError
from jsonschema.validators import extend

from tests.explorer.typescript import definitions


def check(name: str, answer: Any) -> None:
    """Raise AssertionError, naming the place, where the JSON `answer` is none of the type `name`."""
    schema = {"$ref": f"#/$defs/{name}", "$defs": definitions()}
    for error in _Validator(schema).iter_errors(answer):
        raise AssertionError(f"{name}{error.json_path[1:]}: {error.message[:300]}")


def _of_one_length(_: Any, wanted: bool, answer: Any, __: Any) -> Iterator[ValidationError]:
    lengths = {len(column) for column in answer.values()} if wanted else set()
    if len(lengths) > 1:
        yield ValidationError(f"columns of {sorted(lengths)} rows")


_Validator = extend(Draft202012Validator, {"columns": _of_one_length})
