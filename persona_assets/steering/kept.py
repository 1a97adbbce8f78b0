"""What interventions have read of answers, kept in part files until the stage lands."""

from __future__ import annotations

import time
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

import pyarrow as pa

from persona_assets.base.errors import DamagedError
from persona_assets.lake.lake import Lake
from persona_assets.lake.schema import STEERING

_SECONDS = 30.0

Row = dict[str, Any]


class Kept:
    """The rows of one intervention, all of an answer's together; `asked` is the hash of what decides them.

    An edit of an answer that several files hold, or one under several names, is taken once. As a context it
    writes what waits when it is left, however that is.
    """

    def __init__(self, lake: Lake, sae: str, asked: str, earlier: Iterable[Row]) -> None:
        self._lake, self._sae, self._asked = lake, sae, asked
        self._rows: dict[tuple[str, int], dict[tuple[Any, ...], Row]] = {}
        self._waiting: list[Row] = []
        self._written = time.monotonic()
        for row in (*earlier, *self._parts()):
            if row["asked"] == asked:
                edits = self._rows.setdefault((row["role"], row["response_id"]), {})
                edits.setdefault((row["control"], row["target"], row["strength"]), row)

    def __enter__(self) -> Kept:
        return self

    def __exit__(self, *_: object) -> None:
        self._flush()

    def of_answer(self, role: str, response_id: int) -> list[Row]:
        """Return what is known of an answer: its rows, or nothing."""
        return list(self._rows.get((role, response_id), {}).values())

    def add(self, rows: list[Row]) -> None:
        """Keep an answer's rows, with the next part."""
        self._waiting += rows
        if time.monotonic() - self._written > _SECONDS:
            self._flush()

    def _flush(self) -> None:
        if self._waiting:
            content = pa.Table.from_pylist(self._waiting, schema=STEERING.schema)
            self._lake.write(STEERING, content, self._asked, sae=self._sae)
            self._waiting.clear()
        self._written = time.monotonic()

    def _parts(self) -> Iterable[Row]:
        for file in self._lake.files(STEERING, sae=self._sae):
            if file.made_from == self._asked:
                with suppress(DamagedError):
                    yield from self._lake.read(STEERING, file).to_pylist()
