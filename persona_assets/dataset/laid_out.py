"""What a pulled data set is besides its files: the database, `defs.yaml`, roles and questions."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import duckdb
import yaml

from persona_assets.base.duck import literal
from persona_assets.base.errors import StudyError
from persona_assets.base.given import shown
from persona_assets.base.queries import query
from persona_assets.dataset.bounds import LEAST, check_bounds, too_large
from persona_assets.dataset.settings import QUESTIONS, ROLES, attributes
from persona_assets.dataset.snapshot import build_snapshot, of_the_files
from persona_assets.lake.schema import VIEWS
from persona_assets.study.dataset import BELOW, DATA, SNAPSHOT, DataSet
from persona_assets.study.roles import check_name
from persona_assets.study.study import COMPONENT
from persona_assets.warehouse.build import MEMORY

_MOST_VARIANTS = 10_000  # instructions of a role
_BLOCK = 4096  # bytes of the disk that any file takes


def lay_out(dataset: DataSet, folder: Path) -> None:
    """Make in `folder`, where the data set's files lie, what a study needs besides.

    Raises StudyError where a file holds something else than the list says, more than it may, or names a file
    that is not the data set's.
    """
    with of_the_files(dataset, folder):
        check_bounds(dataset, folder)
        build_snapshot(folder / SNAPSHOT, dataset, folder)
        with duckdb.connect(config={"memory_limit": MEMORY}) as connection:
            connection.execute(f"attach {literal(str(folder / SNAPSHOT))} as warehouse (read_only)")
            connection.execute("use warehouse")
            _check_lake_files(connection, dataset)
            _write_texts(connection, dataset, folder)
    written = {"type": COMPONENT, "attributes": attributes(dataset)}
    text = yaml.safe_dump(written, sort_keys=False, allow_unicode=True)
    (folder / "defs.yaml").write_text(text, encoding="utf-8")


def _check_lake_files(connection: duckdb.DuckDBPyConnection, dataset: DataSet) -> None:
    """Raise StudyError where `lake_files` names another file for a view than the list, or one elsewhere.

    The console may read what stands there, and opening the study looks at it.
    """
    views = {table.name for table in VIEWS}
    named = set()
    for table, path in _rows(connection, "select table_name, path from lake_files"):
        if not re.fullmatch(BELOW, path):
            raise StudyError(
                f"the data set's table lake_files names {shown(path)}, which is no file of a lake"
            )
        if table in views:
            named.add(f"{DATA}/{path}")
    listed = {file.path for file in dataset.files if file.table in views}
    if named != listed:
        other = min(named ^ listed)
        raise StudyError(f"the data set's table lake_files and its list do not agree on {shown(other)}")


def _write_texts(connection: duckdb.DuckDBPyConnection, dataset: DataSet, folder: Path) -> None:
    """Write each role and the questions, one by one, as long as they are no more than texts may be."""
    (folder / ROLES).mkdir()
    left = LEAST
    for role, *parts in _rows(connection, query("dataset/roles")):
        check_name(role, f"{folder}: the table roles")
        left -= max(_BLOCK, _write_json(folder / ROLES / f"{role}.json", [_role(*parts)]))
        if left < 0:
            raise too_large(folder / ROLES, dataset)
    questions = _rows(connection, query("dataset/questions"))
    _write_json(folder / QUESTIONS, ({"id": number, "question": text} for number, text in questions))


def _rows(connection: duckdb.DuckDBPyConnection, sql: str) -> Iterator[tuple[Any, ...]]:
    answer = connection.execute(sql)
    while (row := answer.fetchone()) is not None:
        yield row


def _role(
    instructions: Mapping[int, str], questions: list[str] | None, eval_prompt: str | None
) -> dict[str, Any]:
    """Return a role as its file has it; an instruction that was not asked is empty."""
    asked = [number for number in instructions if 0 <= number < _MOST_VARIANTS]
    said = [{"pos": instructions.get(number) or ""} for number in range(1 + max(asked, default=0))]
    role = {"instruction": said, "questions": questions or []}
    return role if eval_prompt is None else role | {"eval_prompt": eval_prompt}


def _write_json(file: Path, values: Iterable[Any]) -> int:
    """Write values, one per line; return how many bytes they are."""
    with file.open("wb") as lines:
        return sum(lines.write(f"{json.dumps(value, ensure_ascii=False)}\n".encode()) for value in values)
