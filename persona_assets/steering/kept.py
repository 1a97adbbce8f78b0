"""What interventions have read and generated, kept in part files until the stage lands; and what lands."""

from __future__ import annotations

import time
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

import pyarrow as pa

from persona_assets.base.errors import DamagedError, StudyError
from persona_assets.lake.lake import Lake
from persona_assets.lake.lake_file import LakeFile
from persona_assets.lake.schema import RESPONSES, ROLE_CONTRASTS, ROLE_FEATURES, STEERING, Table
from persona_assets.stages.across_roles import AcrossRoles
from persona_assets.steering.plans import Planned

SECONDS = 30.0

Row = dict[str, Any]


class Kept:
    """The rows of one intervention, all of an answer's together; `asked` is the hash of what decides them.
    Its parts are files of `table`, one every `seconds` while rows come.

    An edit of an answer that several files hold, or one under several names, is taken once, measured where
    one of them is. As a context it writes what waits when it is left, however that is.
    """

    def __init__(
        self,
        lake: Lake,
        sae: str,
        asked: str,
        earlier: Iterable[Row],
        table: Table = STEERING,
        seconds: float = SECONDS,
    ) -> None:
        self._lake, self._sae, self._asked, self._table = lake, sae, asked, table
        self._rows: dict[tuple[str, int], dict[tuple[Any, ...], Row]] = {}
        self._waiting: list[Row] = []
        self._written, self._seconds = time.monotonic(), seconds
        for row in (*earlier, *self._parts()):
            if row["asked"] == asked:
                edits = self._rows.setdefault((row["role"], row["response_id"]), {})
                key = (row["control"], row["target"], row["strength"])
                if key not in edits or (edits[key]["loss"] is None and row["loss"] is not None):
                    edits[key] = row

    def __enter__(self) -> Kept:
        return self

    def __exit__(self, *_: object) -> None:
        self._flush()

    def of_answer(self, role: str, response_id: int) -> list[Row]:
        """Return what is known of an answer: its rows, or nothing."""
        return list(self._rows.get((role, response_id), {}).values())

    def row(self, role: str, response_id: int, edit: Planned) -> Row | None:
        """Return what is known of an answer under an edit."""
        return self._rows.get((role, response_id), {}).get((edit.control, edit.target, edit.strength))

    def add(self, rows: list[Row]) -> None:
        """Keep more rows, with the next part."""
        self._waiting += rows
        if time.monotonic() - self._written >= self._seconds:
            self._flush()

    def _flush(self) -> None:
        if self._waiting:
            keep(self._lake, self._table, self._sae, self._asked, self._waiting)
            self._waiting.clear()
        self._written = time.monotonic()

    def _parts(self) -> Iterable[Row]:
        for file in self._lake.files(self._table, sae=self._sae):
            if file.made_from == self._asked:
                with suppress(DamagedError):
                    yield from self._lake.read(self._table, file).to_pylist()


def keep(lake: Lake, table: Table, sae: str, asked: str, rows: list[Row]) -> None:
    """Write rows of an SAE, of one hash of what decides them, as one part of `table`."""
    lake.write(table, pa.Table.from_pylist(rows, schema=table.schema), asked, sae=sae)


def earlier_rows(across: AcrossRoles, table: Table, sae: str) -> Iterable[Row]:
    """Yield the rows of every file of `table` that can be read."""
    for file in across.all(table, sae):
        with suppress(StudyError):
            yield from across.study.lake.read(table, file).to_pylist()


def columns(table: Table, rows: list[Row]) -> dict[str, list[Any]]:
    """Return the columns of `table`, of rows that have them."""
    return {name: [row[name] for row in rows] for name in table.schema.names}


def inputs_of(across: AcrossRoles, sae: str) -> list[LakeFile]:
    """Return the files that the tables of interventions are made from."""
    compared = across.compared(sae)
    files = [file for pair in compared.values() for file in pair]
    of_roles = [across.roles[role].file(RESPONSES) for role in compared]
    of_roles += [across.roles[role].file(ROLE_FEATURES, sae) for role in compared]
    return [file for file in (*files, *of_roles, across.file(ROLE_CONTRASTS, sae)) if file is not None]
