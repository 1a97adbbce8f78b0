"""Findings asked of the newest snapshot, within the console's locks and limits."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import Any

import duckdb

from persona_assets.base.errors import StudyError
from persona_assets.explorer.console.console import Console, Limits
from persona_assets.explorer.problems import ProblemError
from persona_assets.study.findings import SnapshotCited
from persona_assets.study.study import Study
from persona_assets.warehouse import connect, stands_on

MOST_ROWS = 1000
_ATTEMPTS = 3  # while others publish


@dataclass(frozen=True)
class Answered:
    """An answer as a finding holds it, and the snapshot that gave it."""

    columns: list[str]
    rows: list[list[Any]]
    snapshot: SnapshotCited


class PublishedAnewError(StudyError):
    """Every attempt to ask a snapshot met a publication."""


def answered(study: Study, sql: str) -> Answered:
    """Ask the newest snapshot.

    Asks again where one was published meanwhile. Raises the problem that the SQL has, and StudyError where
    nothing is published, or every attempt met a publication.
    """
    for _ in range(_ATTEMPTS):
        with connect(study) as connection:
            before = cited(connection)
        answer = asyncio.run(_asked(study, sql))
        with connect(study) as connection:
            if cited(connection) == before:
                break
    else:
        raise PublishedAnewError(
            f"{study.name}: was published anew each time that it was asked; ask again later"
        )
    if answer["truncated"]:
        raise ProblemError(400, f"answers more than {MOST_ROWS:,} rows; a finding holds fewer: add a LIMIT")
    return Answered([column["name"] for column in answer["columns"]], answer["rows"], before)


def cited(connection: duckdb.DuckDBPyConnection) -> SnapshotCited:
    """Return how a snapshot is cited."""
    [(published_at,)] = connection.execute("select published_at from study").fetchall()
    return SnapshotCited(
        published_at=published_at.isoformat(timespec="seconds"), fingerprint=stands_on(connection)
    )


async def _asked(study: Study, sql: str) -> Any:
    outcome = await Console(study).run(sql, "json", Limits(rows=MOST_ROWS))
    with outcome.file as file:
        return json.load(file)
