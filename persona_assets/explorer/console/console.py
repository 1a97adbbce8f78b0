"""The SQL console: each query in a process of its own, ended with its time."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import IO, Any

from persona_assets.explorer.problems import ProblemError
from persona_assets.lake.storage import bucket
from persona_assets.study.study import Study
from persona_assets.warehouse import warehouse_path
from persona_assets.warehouse.empty import why_empty

SECONDS = 30.0  # of a query whose answer is shown
_EXPORT_SECONDS = 300.0
_ROWS, _EXPORT_ROWS = 1_000, 1_000_000
_BYTES, _EXPORT_BYTES = 16 * 2**20, 2**30
_MEMORY = 2**30  # bytes of DuckDB's own
_AT_ONCE = 2
_CHUNK = 2**18
_STOPPED = "the query was stopped: it took more memory than it may have, or ended by itself"


@dataclass(frozen=True)
class Limits:
    """What a query may take: seconds, rows, bytes of its answer, bytes of memory."""

    seconds: float = SECONDS
    rows: int = _ROWS
    bytes: int = _BYTES
    memory: int = _MEMORY


SHOWN = Limits()
EXPORTED = Limits(_EXPORT_SECONDS, _EXPORT_ROWS, _EXPORT_BYTES)


@dataclass(frozen=True)
class Outcome:
    """A query's answer: a file, at its beginning, that is gone when it is closed.

    `note` says of an answer without rows which of the tables that were asked have none, and why.
    """

    file: IO[bytes]
    seconds: float
    truncated: bool
    note: str | None = None


class Console:
    """Runs queries against the newest snapshot of a study, a few at a time."""

    def __init__(self, study: Study, at_once: int = _AT_ONCE) -> None:
        self._study = study
        self._turns = asyncio.Semaphore(at_once)

    async def run(self, sql: str, form: str, limits: Limits) -> Outcome:
        """The answer to `sql` as `json`, `csv` or `parquet`. Raises the problem 400 that it has, or 408.

        Cancelled, it ends the query at once.
        """
        async with self._turns, _worker() as worker:
            begun = time.monotonic()
            try:
                async with asyncio.timeout(limits.seconds):
                    file, complaint = await _talk(worker, self._job(sql, form, limits))
            except TimeoutError:
                raise ProblemError(
                    408, f"timed out after {limits.seconds:g} s; add a filter or a LIMIT"
                ) from None
            said = _last_line(complaint)
            if worker.returncode != 0 or said is None:
                file.close()
                raise _problem(said)
            note = why_empty(self._study, said.get("empty", []))
            return Outcome(file, time.monotonic() - begun, bool(said["truncated"]), note)

    def _job(self, sql: str, form: str, limits: Limits) -> bytes:
        threads = min(os.cpu_count() or 1, 4)
        store = bucket(self._study.lake.storage)
        job = {
            "warehouse": str(warehouse_path(self._study)),
            "lake": self._study.lake.root,
            "access": None if store is None else store.access(),
            "sql": sql,
            "format": form,
            "rows": limits.rows,
            "bytes": limits.bytes,
            "memory": limits.memory,
            "threads": threads,
            "cpu_seconds": int(limits.seconds * threads) + 10,
        }
        return json.dumps(job).encode() + b"\n"


@asynccontextmanager
async def _worker() -> AsyncIterator[Process]:
    """Yield a process that waits for its question; dead at the end, whatever happened."""
    worker = await asyncio.create_subprocess_exec(
        sys.executable, "-I", "-m", "persona_assets.explorer.console.worker",
        stdin=PIPE, stdout=PIPE, stderr=PIPE, env={"LANG": "C.UTF-8"}, start_new_session=True,
    )  # fmt: skip
    try:
        yield worker
    finally:
        if worker.returncode is None:
            worker.kill()
            await asyncio.shield(worker.wait())


async def _talk(worker: Process, job: bytes) -> tuple[IO[bytes], bytes]:
    assert worker.stdin is not None and worker.stderr is not None
    worker.stdin.write(job)
    worker.stdin.close()
    file = tempfile.TemporaryFile()  # noqa: SIM115 (the answer's reader closes it)
    try:
        _, complaint = await asyncio.gather(_copy(worker, file), worker.stderr.read())
        await worker.wait()
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return file, complaint


async def _copy(worker: Process, file: IO[bytes]) -> None:
    assert worker.stdout is not None
    while chunk := await worker.stdout.read(_CHUNK):
        file.write(chunk)


def _last_line(text: bytes) -> dict[str, Any] | None:
    """Return what the worker said; None where it was stopped before it could."""
    try:
        said = json.loads(text.splitlines()[-1])
    except (ValueError, IndexError):
        return None
    return said if isinstance(said, dict) else None


def _problem(said: dict[str, Any] | None) -> ProblemError:
    if said is None or "error" not in said:
        return ProblemError(400, _STOPPED)
    return ProblemError(400, said["error"], said.get("line"), said.get("column"))
