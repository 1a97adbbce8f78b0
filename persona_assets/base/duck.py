"""What every use of DuckDB needs: quoting where nothing can be bound, and its refusals in plain words."""

from __future__ import annotations

import errno
import os
import re
import threading
from collections.abc import Callable, Collection, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from functools import cache
from importlib import import_module
from typing import Any

import duckdb

from persona_assets.base.errors import StudyError, writing
from persona_assets.base.given import shown
from persona_assets.base.waiting import awaited

_GLOB_CHARACTER = re.compile(r"[*?\[]")
_SEPARATOR = re.compile(r"[/\\\\]")
_AGAIN = 0.05  # seconds until a query is interrupted again
_REFUSALS = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES)


def in_memory() -> duckdb.DuckDBPyConnection:
    """Return a connection, to be closed, to this process's own database in memory: to ask of files.

    Opening and closing a database of its own would take 25 ms per question, a third of a role's aggregation.
    """
    return _database().cursor()


@cache
def _database() -> duckdb.DuckDBPyConnection:
    ready_for_values()
    return duckdb.connect()


def ready_for_values() -> None:
    """Import pandas, as DuckDB does at the first value that is bound; it forgets a Ctrl-C meanwhile."""
    with suppress(Exception):  # whatever is wrong with it: DuckDB does without
        import_module("pandas")


def literal(text: str) -> str:
    """`text` as a SQL string literal, for statements that take no parameters."""
    return "'" + text.replace("'", "''") + "'"


def identifier(name: str) -> str:
    """Return `name` as a quoted SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def list_literal(texts: Iterable[str]) -> str:
    """`texts` as a SQL list of string literals."""
    return "[" + ", ".join(literal(text) for text in texts) + "]"


def exact_path(path: str) -> str:
    """`path` as a glob pattern that matches this path only: DuckDB reads every path as a pattern.

    Raises StudyError where no pattern can: beside a glob character a backslash is not itself.
    """
    if "\\" in path and _GLOB_CHARACTER.search(path):
        raise StudyError(f"{path}: DuckDB cannot read below a folder with '\\' and any of * ? [; rename it")
    return _GLOB_CHARACTER.sub(r"[\g<0>]", path)


def lock(connection: duckdb.DuckDBPyConnection, root: str, paths: Iterable[str]) -> None:
    """Let the connection read the files at `paths` below `root`, and no other, for good.

    Raises StudyError where a path may lead out of `root`: a snapshot that came from elsewhere names its own.
    """
    paths = list(paths)
    for path in paths:
        if not {"", ".", ".."}.isdisjoint(_SEPARATOR.split(path)):
            raise StudyError(f"{shown(path)}: may lie outside of {root}; the snapshot is not to be trusted")
    # The views ask for the pattern that only this file matches, and then for the file.
    roots = dict.fromkeys((root, exact_path(root)))
    allowed = list_literal(f"{one}/{path}" for path in paths for one in roots)
    connection.execute(f"set allowed_paths = {allowed}")
    connection.execute("set enable_external_access = false")
    connection.execute("set lock_configuration = true")


@contextmanager
def interrupted_after(seconds: float, connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Have a query that is still running when the time is up raise duckdb.InterruptException."""
    timer = threading.Timer(seconds, connection.interrupt)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


@contextmanager
def heeding_ctrl_c(interrupt: Callable[[], None]) -> Iterator[Callable[..., Any]]:
    """Yield what makes calls in a thread of its own: where DuckDB works, Python hears no Ctrl-C.

    `interrupt` ends the query under way.
    """
    with ThreadPoolExecutor(max_workers=1) as thread:
        try:
            awaited(thread.submit(int))  # a thread that is interrupted as it starts is never waited for
            yield lambda function, *arguments: awaited(thread.submit(function, *arguments))
        except KeyboardInterrupt:
            interrupt_all([thread.submit(int)], interrupt)  # behind what may not have begun yet
            raise


def interrupt_all(futures: Collection[Future[Any]], interrupt: Callable[[], None]) -> None:
    """Return when all are done; a query that had not begun is not interrupted, so it is done again."""
    while not all(one.done() for one in futures):
        interrupt()
        wait(futures, _AGAIN)


def told(error: duckdb.Error) -> str:
    """Return what DuckDB says; of an error that a macro raises its words alone."""
    return str(error).strip().removeprefix("Invalid Input Error: ")


@contextmanager
def writing_database(target: object) -> Iterator[None]:
    """Turn a full, read-only or closed disk met while writing `target` into a `StudyError`."""
    with writing(target), as_os_error():
        yield


@contextmanager
def as_os_error() -> Iterator[None]:
    """Turn DuckDB's report of a full, read-only or closed disk into the `OSError` that it stands for."""
    try:
        yield
    except duckdb.Error as error:
        code = refusal(error)
        if code is None:
            raise
        raise OSError(code, os.strerror(code)) from error


def refusal(error: duckdb.Error) -> int | None:
    """The operating system's error code behind `error`, if that is why the disk could not be written."""
    return next((code for code in _REFUSALS if os.strerror(code) in str(error)), None)
