"""Whether a study's lake is whole: every file readable to its last page, and all of them agreeing.

Read are the files that are fresh and those that the published snapshot names. What the pages' checksums do
not cover, the footer, must agree with the pages, with the file's place, with what the snapshot counts, and
with what the role's other files count.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import duckdb

from persona_assets.base.errors import StudyError
from persona_assets.base.progress import Progress
from persona_assets.health.inventory import Held, fresh_files
from persona_assets.health.reading import Reading, read_whole
from persona_assets.lake.lake_file import LakeFile
from persona_assets.lake.schema import ACTIVATIONS, MARTS, POOLED, RESPONSES, ROLE_FEATURES, TABLES
from persona_assets.study.study import Study
from persona_assets.warehouse import connect, newest_snapshot, warehouse_path


@dataclass(frozen=True)
class Problem:
    """What is wrong with the file at `path`, below the lake's root.

    `paths` are the files of which nobody can say that they are right: none where the file could not be read
    now, and two where two do not agree.
    """

    path: str
    what: str
    paths: tuple[str, ...]


@dataclass(frozen=True)
class Verified:
    """How many files and bytes were read, how many of the files had no checksums, and what is wrong."""

    n_files: int
    n_bytes: int
    n_without_checksums: int
    problems: list[Problem]


def verify(study: Study, progress: Progress | None = None) -> Verified:
    """Read every file that anybody relies on. `progress` is told (files read, files).

    Raises StudyError where nobody can say which files those are: study or snapshot cannot be read.
    """
    fresh, named = fresh_files(study), _named_by_snapshot(study)
    relied_on = {held.file.path: held for held in (*(held for held, _ in named), *fresh)}
    readings: dict[str, Reading] = {}
    for path, held in sorted(relied_on.items()):
        readings[path] = read_whole(study.lake, held)
        if progress is not None:
            progress(len(readings), len(relied_on))
    problems = [
        Problem(path, reading.problem, () if reading.refused else (path,))
        for path, reading in readings.items()
        if reading.problem
    ]
    problems += _against_snapshot(named, readings)
    problems += _against_each_other(fresh, readings)
    return Verified(
        n_files=len(relied_on),
        n_bytes=sum(held.file.size for held in relied_on.values()),
        n_without_checksums=sum(not reading.has_checksums for reading in readings.values()),
        problems=sorted(problems, key=lambda problem: problem.path),
    )


def _named_by_snapshot(study: Study) -> list[tuple[Held, int]]:
    """Return the files that the published snapshot names, each with the rows it counts."""
    if not newest_snapshot(study).is_file():
        return []
    try:
        with connect(study, check=False) as warehouse:
            sql = "select table_name, path, bytes, epoch(modified), n_rows from lake_files"
            rows = warehouse.execute(sql).fetchall()
    except duckdb.Error as error:
        raise StudyError(
            f"{warehouse_path(study)}: cannot be asked ({str(error).splitlines()[0]}); publish again: "
            f"`persona run {study.name} --select warehouse`"
        ) from error
    return [(Held(TABLES.get(table, MARTS), LakeFile(*file)), n_rows) for table, *file, n_rows in rows]


def _against_snapshot(named: list[tuple[Held, int]], readings: dict[str, Reading]) -> Iterator[Problem]:
    for held, n_rows in named:
        reading = readings[held.file.path]
        if reading.problem is None and reading.n_rows != n_rows:
            what = f"has {reading.n_rows} rows, but the published snapshot counts {n_rows}"
            yield Problem(held.file.path, what, (held.file.path,))


def _against_each_other(fresh: list[Held], readings: dict[str, Reading]) -> Iterator[Problem]:
    """A role's tables agree: every response is listed as pooled or excluded, every activation is counted."""
    paths = {
        (table.name, file.partition.get("sae"), file.partition.get("role")): file.path
        for table, file in fresh
    }
    for (table, sae, role), path in paths.items():
        if readings[path].problem:
            continue
        if table == POOLED.name:
            answers = paths.get((RESPONSES.name, None, role), "")
            n_responses = readings[path].n_rows
            yield from _disagreement(path, n_responses, readings.get(answers), "responses", (path,))
        if table in (POOLED.name, ROLE_FEATURES.name):
            fired = paths.get((ACTIVATIONS.name, sae, role), "")
            n_counted = readings[path].n_activations
            yield from _disagreement(path, n_counted, readings.get(fired), "activations", (path, fired))


def _disagreement(
    path: str, counted: int | None, other: Reading | None, what: str, paths: tuple[str, ...]
) -> Iterator[Problem]:
    if counted is None or other is None or other.problem or counted == other.n_rows:
        return
    said = f"counts {counted} {what}, but the role's file of {what} has {other.n_rows}"
    yield Problem(path, said, paths)
