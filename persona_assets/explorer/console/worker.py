"""The process that runs one query of the SQL console, and nothing else ever.

It reads the question from standard input, a line of JSON, and writes the answer to standard output; a
problem goes to standard error, as JSON, with exit status 1. It is a process of its own so that a query can
take no more memory than it may have, can be killed at any moment, and can bring nothing down but itself.
"""

from __future__ import annotations

import json
import resource
import sys
from typing import Any

import duckdb

from persona_assets.base.duck import literal, lock
from persona_assets.base.errors import StudyError
from persona_assets.explorer.console.answer import executed, write_csv, write_json, write_parquet
from persona_assets.explorer.console.statement import complaint, only_reading
from persona_assets.explorer.problems import ProblemError
from persona_assets.lake.storage.httpfs import Access, open_to

# Bytes beside DuckDB's own memory. Its limit does not hold for what some functions take (an edit distance of
# long texts, say), and address space is more than is ever used: libraries, stacks, arenas.
_BESIDE, _SPACE_BESIDE = 2**30, 3 * 2**30
_WRITERS = {"json": write_json, "csv": write_csv, "parquet": write_parquet}
_TOO_MUCH = "the query takes more memory than it may have: aggregate, filter or limit it"


def main() -> None:
    """Answer the question on standard input."""
    job = json.loads(sys.stdin.readline() or "null")
    if job is None:  # whoever started this is gone
        return
    try:
        _confine(job["memory"], job["cpu_seconds"])
        said = _answer(job)
    except ProblemError as problem:
        print(json.dumps(problem.body()), file=sys.stderr)
        sys.exit(1)
    except StudyError as error:
        print(json.dumps({"error": str(error)}), file=sys.stderr)
        sys.exit(1)
    except MemoryError:
        print(json.dumps({"error": _TOO_MUCH}), file=sys.stderr)
        sys.exit(1)
    print(json.dumps(said), file=sys.stderr)


def locked(
    warehouse: str, lake: str, memory: int, threads: int, access: Access | None = None
) -> duckdb.DuckDBPyConnection:
    """Return a connection that can read this snapshot and the lake's files that it names, and can do no more.

    With `access`, the lake is in a bucket.
    """
    connection = duckdb.connect(
        config={
            "memory_limit": f"{memory}B",
            "temp_directory": "",
            "threads": str(threads),
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "allow_community_extensions": "false",
            "allow_persistent_secrets": "false",
            "python_enable_replacements": "false",
        }
    )
    if access is not None:
        open_to(connection, lake, access)
    connection.execute(f"attach {literal(warehouse)} as warehouse (read_only)")
    connection.execute("use warehouse")
    connection.execute("set variable lake = ?", [lake])
    connection.execute("set errors_as_json = true")
    files = connection.execute("select path from lake_files").fetchall()
    lock(connection, lake, (path for (path,) in files))
    return connection


def _answer(job: dict[str, Any]) -> dict[str, Any]:
    access = None if job["access"] is None else Access(*job["access"])
    connection = locked(job["warehouse"], job["lake"], job["memory"], job["threads"], access)
    try:
        answer = executed(connection, only_reading(connection, job["sql"]), job["format"])
        said = _WRITERS[job["format"]](answer, sys.stdout.buffer, job["rows"], job["bytes"])
        return said | {"empty": _empty(connection, job["sql"])} if said.get("none") else said
    except duckdb.OutOfMemoryException as error:
        raise ProblemError(400, _TOO_MUCH) from error
    except duckdb.Error as error:
        raise complaint(connection, job["sql"], error) from error


def _empty(connection: duckdb.DuckDBPyConnection, sql: str) -> list[str]:
    """Return which of the tables that were asked have no row: here, for whoever asks may ask anything."""
    from persona_assets.warehouse.empty import empty_tables

    return empty_tables(connection, sql)


def _confine(memory: int, cpu_seconds: int) -> None:
    """Limit the memory and the time, and forbid writing to any file, whatever DuckDB allows."""
    for limit, value in (
        (resource.RLIMIT_DATA, memory + _BESIDE),
        (resource.RLIMIT_AS, memory + _SPACE_BESIDE),
        (resource.RLIMIT_CPU, cpu_seconds),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(limit, (value, value))


if __name__ == "__main__":
    main()
