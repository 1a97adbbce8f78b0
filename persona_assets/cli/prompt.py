"""`persona sql STUDY` in a terminal: `;` ends a statement, a dot begins a command, all is remembered."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from persona_assets.base.errors import StudyError
from persona_assets.base.given import one_line, printable
from persona_assets.base.jsonl import checked_text
from persona_assets.base.queries import examples, query, title
from persona_assets.cli.answers import print_answer, print_rows, statements_of
from persona_assets.cli.executed import refused
from persona_assets.study.study import Study
from persona_assets.warehouse import connect

_HELP = """A statement ends with ; and may take several lines.
.tables            the tables and views, and what each holds
.schema TABLE      the columns of one, and what each means
.macros            the questions that SQL calls by name, such as top_features('pirate')
.examples          questions with their SQL; .examples NAME shows one and asks it
.wide              from now on show all columns of a table, even if lines exceed the terminal; again: not
.help              this
.quit              leave; exit and Ctrl-D do, too. Ctrl-C ends a question, or drops what is typed.
These are obeyed within a statement, too."""
_MOST_KEPT = 1000  # lines of history
# What may hold a semicolon that ends nothing: texts, quoted names, texts in dollars, comments.
_WHOLE = re.compile(r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|\$(\w*)\$.*?\$\1\$|--[^\n]*|/\*.*?\*/""", re.DOTALL)
_OPEN = re.compile(r"""['"]|/\*|\$\w*\$""")
# Within a statement, too; what has a parenthesis is a method's call.
_COMMAND = re.compile(r"\.(help|tables|schema|macros|examples|wide|quit|exit)\b[^(]*", re.IGNORECASE)
_LEAVE = re.compile(r"\.?(quit|exit)\s*;?", re.IGNORECASE)

Read = Callable[[str], str]


@dataclass
class _Shown:
    """How answers are printed; `wide` is as `.wide` has left it."""

    output: str
    wide: bool

    def rows(self, header: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        """Print rows that a command tells."""
        print_rows(header, rows, self.output, wide=self.wide, widened_by=".wide")


def ask_by_hand(
    study: Study, output: str, *, wide: bool = False, snapshot: str | None = None, read: Read = input
) -> None:
    """Answer what is typed until Ctrl-D, each statement from the snapshot that was opened at the beginning.

    `read` shows a prompt and returns a line; it raises EOFError at the end.
    """
    with connect(study, snapshot=snapshot) as connection, _remembering(connection):
        shown = _Shown(output, wide)
        print(f"{study.name}: type SQL that ends with ;, .help for help, Ctrl-D to leave")
        for text in _statements(f"{study.name}> ", read):
            try:
                _answer(study, connection, text, shown)
            except StudyError as error:
                print(printable(str(error)))
            except KeyboardInterrupt:
                print("interrupted")


def is_whole(text: str) -> bool:
    """Return whether a statement is ended: by a semicolon that stands in no text, name or comment."""
    bare = _WHOLE.sub(" ", text)
    return _OPEN.search(bare) is None and bare.rstrip().endswith(";")


def _statements(prompt: str, read: Read) -> Iterator[str]:
    """Yield what is typed: statements that are whole, and lines that begin with a dot."""
    lines: list[str] = []
    while True:
        try:
            lines.append(read(" " * (len(prompt) - 4) + "... " if lines else prompt))
        except EOFError:
            print(f"\nnot asked, for no ; ends it: {one_line(' '.join(lines), 100)}" if lines else "")
            return
        except KeyboardInterrupt:
            print()
            lines = []
            continue
        last, text = lines[-1].strip(), "\n".join(lines).strip()
        is_command = _COMMAND.fullmatch(last) is not None
        if (is_command or len(lines) == 1) and _LEAVE.fullmatch(last):
            return
        if is_command and len(lines) > 1:  # within a statement, which goes on below
            lines.pop()
            yield last
            continue
        if text.startswith(".") or is_whole(text):
            lines = []
            yield text
        elif not text:
            lines = []


def _answer(study: Study, connection: duckdb.DuckDBPyConnection, text: str, shown: _Shown) -> None:
    if text.startswith("."):
        checked_text(text, "the line")
        command, _, name = text.rstrip("; ").partition(" ")
        try:
            _obey(study, connection, command, name.strip(), shown)
        except duckdb.Error as error:  # in a transaction that failed nothing is told
            raise refused(connection, error) from error
        return
    for statement in statements_of(connection, text):
        print_answer(study, connection, statement, shown.output, wide=shown.wide, widened_by=".wide")


def _obey(
    study: Study, connection: duckdb.DuckDBPyConnection, command: str, name: str, shown: _Shown
) -> None:
    """Do what a line says that begins with a dot. Raises StudyError where there is no such command."""
    if command == ".help":
        print(_HELP)
    elif command == ".wide":
        shown.wide = not shown.wide
        print("tables show all columns" if shown.wide else "tables show the columns that have room")
    elif command == ".tables":
        shown.rows(["table", "holds"], connection.execute(query("prompt/tables")).fetchall())
    elif command == ".macros":
        shown.rows(["macro"], connection.execute(query("prompt/macros")).fetchall())
    elif command == ".schema":
        columns = connection.execute(query("prompt/columns"), [name]).fetchall()
        if not columns:
            raise StudyError(
                f"no table {name!r}; .tables lists them" if name else "name a table: .schema roles"
            )
        shown.rows(["column", "type", "means"], columns)
    elif command == ".examples" and not name:
        shown.rows(["name", "asks"], [(one, title(text)) for one, text in examples().items()])
    elif command == ".examples":
        if name not in examples():
            raise StudyError(f"no example {name!r}; .examples lists them")
        print(printable(examples()[name].strip()))
        _answer(study, connection, examples()[name], shown)
    else:
        raise StudyError(f"no command {command}; .help lists them")


@contextmanager
def _remembering(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Keep what is typed for the next time, and complete names of the snapshot, where Python has readline."""
    try:
        import readline
    except ImportError:  # Python was built without
        yield
        return
    words = [word for (word,) in connection.execute(query("prompt/words")).fetchall()]

    def complete(begun: str, number: int) -> str | None:
        alike = [word for word in words if begun and word.startswith(begun.lower())]
        return alike[number] if number < len(alike) else None

    readline.set_completer(complete)
    readline.set_completer_delims(" \t\n,;()'\"=<>+-*/[]")
    readline.parse_and_bind("tab: complete")
    file = _history()
    with suppress(OSError):
        readline.read_history_file(file)
    try:
        yield
    finally:
        readline.set_history_length(_MOST_KEPT)
        with suppress(OSError):
            file.parent.mkdir(parents=True, exist_ok=True)
            readline.write_history_file(file)
            file.chmod(0o600)


def _history() -> Path:
    state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(state) / "persona-assets" / "sql_history"
