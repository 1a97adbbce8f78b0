"""A study's marts: SQL files in its folder, each a SELECT that makes one more table of the snapshot.

    defs/<study>/marts/<name>.sql

Each is bound to the tables as they are declared, without data: so is known what it reads, which columns it
has, and what is wrong with it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import duckdb

from persona_assets.base.errors import StudyError
from persona_assets.base.given import read_text
from persona_assets.lake.schema import BY_ROLE, MACROS, SHOWN
from persona_assets.stages.declared import declared, tables_read
from persona_assets.stages.table import STAGES
from persona_assets.study.settings.block import LONGEST_NAME
from persona_assets.study.study import Study

_NAME = re.compile(rf"[a-z][a-z0-9_]{{0,{LONGEST_NAME - 1}}}")
_TAKEN = {
    *SHOWN, *MACROS, *BY_ROLE.values(), *(stage.name for stage in STAGES), "catalog", "warehouse", "snapshot",
}  # fmt: skip


class Bound(NamedTuple):
    """What a mart reads, in alphabetical order, and its columns: name and type."""

    tables: list[str]
    columns: list[tuple[str, str]]


@dataclass(frozen=True)
class Mart:
    """A table that one SQL file of a study makes of its snapshot."""

    name: str
    file: Path

    def check_name(self) -> None:
        """Raise StudyError where the file's name cannot be a table's."""
        if not _NAME.fullmatch(self.name):
            raise StudyError(
                f"{self.file}: a mart's name is a table's; use a-z, 0-9 and '_', a letter first, at "
                f"most {LONGEST_NAME}"
            )
        if self.name in _TAKEN:
            raise StudyError(f"{self.file}: {self.name} is a name of the warehouse already; rename the file")
        if not _is_plain(self.name):
            raise StudyError(f"{self.file}: {self.name} is a word of SQL; rename the file")

    @cached_property
    def sql(self) -> str:
        """The file's text. Raises StudyError where it cannot be read, or its name cannot be a table's."""
        self.check_name()
        return read_text(self.file)

    @property
    def about(self) -> str:
        """What the comment at the head of the file says."""
        lines = []
        for line in self.sql.splitlines():
            if not line.startswith("--"):
                break
            lines.append(line.lstrip("-").strip())
        return " ".join(lines)

    @cached_property
    def bound(self) -> Bound:
        """Raises StudyError, in one line, where it is not one SELECT over tables of the warehouse."""
        with declared().cursor() as tables:
            try:
                statements = tables.extract_statements(self.sql)
                if [one.type for one in statements] != [duckdb.StatementType.SELECT]:
                    raise StudyError(f"{self.file}: holds {_kinds(statements)}; a mart is one SELECT")
                read = tables_read(tables, self.sql)
                columns = tables.execute(f"describe {self.sql}").fetchall()
            except duckdb.Error as error:
                raise StudyError(complaint(self.file, error)) from error
        names = [name.lower() for name, *_ in columns]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise StudyError(f"{self.file}: has two columns {twice[0]}; name one otherwise with AS")
        return Bound(read, [(name, kind.lower()) for name, kind, *_ in columns])


def find_marts(study: Study) -> dict[str, Mart]:
    """Return the study's marts by name, sorted; whether they are right is told when they are asked."""
    files = sorted((study.file.parent / "marts").glob("[!.]*.sql"))
    return {file.stem: Mart(file.stem, file) for file in files}


def complaint(file: Path, error: Exception) -> str:
    """Return an error of DuckDB in one line, with the line of the file where it says one."""
    text = str(error)
    line = re.search(r"^LINE (\d+):", text, re.M)
    said = " ".join(text.split("\n\nLINE ")[0].split())
    return f"{file}{f', line {line[1]}' if line else ''}: {said}"


def _is_plain(name: str) -> bool:
    """Return whether a table of this name can be asked without quotes."""
    try:
        return len(declared().extract_statements(f"select 1 from {name}")) == 1
    except duckdb.Error:
        return False


def _kinds(statements: list[duckdb.Statement]) -> str:
    if len(statements) != 1:
        return f"{len(statements)} statements"
    return f"a statement {statements[0].type.name}"
