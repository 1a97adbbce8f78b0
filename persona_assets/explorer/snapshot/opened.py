"""A published snapshot, open for as long as somebody reads it, and the move from one to the next."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import Future
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import UTC
from pathlib import Path
from uuid import uuid4

import anyio
import duckdb

from persona_assets.base.duck import literal
from persona_assets.base.errors import StudyError
from persona_assets.base.queries import query
from persona_assets.explorer.resources.source import Memory, Source
from persona_assets.explorer.snapshot.cache import Answers
from persona_assets.lake.fingerprint import fingerprint
from persona_assets.lake.schema import SHOWN
from persona_assets.lake.storage import bucket
from persona_assets.study.study import Study
from persona_assets.warehouse import connect, newest_snapshot, snapshot_identity, warehouse_path
from persona_assets.warehouse.build import MEMORY

_LOOK_EVERY = 15.0  # seconds, at a bucket


class OpenSnapshot:
    """One snapshot, its connections, and the answers it has given.

    `tag` changes whenever an answer may: with the snapshot, with the folder of `exported` drift runs, and
    with the study's `drift.plain`, which is read when the server starts and makes no new snapshot.
    """

    def __init__(self, study: Study, identity: str, exported: Path | None = None) -> None:
        self.identity = identity
        self.exported = exported
        self.tag = _tag(identity, exported, study.settings.drift.plain)
        self.study = study
        self.answers = Answers()
        self._connection = connect(study)
        self._idle: list[duckdb.DuckDBPyConnection] = []
        self._asked: list[duckdb.DuckDBPyConnection] = []
        self._known: Memory = {}
        self._readers = 0
        self._is_old = False
        self._lock = threading.Lock()
        self._effects: Future[None] = Future()
        try:
            # Small questions, many at a time: threads that share each of them would only wait for each other.
            self._connection.execute("set threads = 1")
            self._connection.execute(f"set memory_limit = '{MEMORY}'")
            self._connection.execute(f"set temp_directory = {literal(_spill())}")
            for table in ("measured", "known_features"):
                self._connection.execute(query(f"explorer/{table}"))
            [(published_at,)] = self._connection.execute("select published_at from study").fetchall()
            lacking = _lacking(self._connection)
        except duckdb.Error as error:
            published_at, lacking = None, str(error).splitlines()[0]
        if lacking:
            self._connection.close()
            raise StudyError(
                f"{warehouse_path(study)}: of another version ({lacking}); publish again: "
                f"`persona run {study.name} --select warehouse`"
            )
        self.published_at = published_at.replace(tzinfo=UTC)
        self._preparing = self._another()
        self._preparation = threading.Thread(target=self._prepare, name="role effects", daemon=True)
        self._preparation.start()

    @contextmanager
    def cursor(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Yield a connection for one thread, used again by the next."""
        self.enter()
        try:
            cursor = self._idle_one() or self._another()
            self._asked.append(cursor)
            try:
                yield cursor
            finally:
                self._asked.remove(cursor)
            self._idle.append(cursor)  # after an error it is not used again
        finally:
            self.leave()

    def interrupt(self) -> None:
        """End the queries that are under way: they raise duckdb.InterruptException."""
        for cursor in list(self._asked):
            with suppress(duckdb.Error):  # closed meanwhile
                cursor.interrupt()

    @contextmanager
    def source(self, live: bool = True, max_pages: int | None = None) -> Iterator[Source]:
        """Yield what resources are read from, by one thread."""
        with self.cursor() as cursor:
            yield Source(
                cursor,
                self.identity,
                self.published_at,
                self._effects.result,
                self._known,
                self.study,
                live,
                max_pages,
                self.exported,
                self._asked,
            )

    def enter(self) -> None:
        """Keep it open, until `leave`, should a newer one take its place meanwhile."""
        with self._lock:
            self._readers += 1

    def leave(self) -> None:
        """The end of what `enter` began."""
        with self._lock:
            self._readers -= 1
        self._close_unread()

    def renew_access(self) -> None:
        """Have its connections read on when the store's credentials are of a limited time."""
        with self.cursor() as cursor:
            self.study.lake.storage.prepare(cursor)

    def retire(self) -> None:
        """Close it when nobody reads it any more."""
        self._is_old = True
        if not self._effects.done():
            self._preparing.interrupt()
        self._close_unread()

    def end(self) -> None:
        """Retire it, and wait for the background: Python aborts where it ends with DuckDB still at work."""
        self.retire()
        while self._preparation.is_alive():
            with suppress(duckdb.Error):  # closed meanwhile
                self._preparing.interrupt()  # again: an interruption before the query begins goes unheard
            self._preparation.join(0.05)

    def _prepare(self) -> None:
        """Find every role's effects, in the background: with hundreds of roles it takes seconds."""
        self.enter()
        try:
            self._preparing.execute(query("explorer/role_effects"))
            self._effects.set_result(None)
        except duckdb.Error as error:
            self._effects.set_exception(error)
        finally:
            self.leave()

    def _close_unread(self) -> None:
        with self._lock:
            if not self._is_old or self._readers:
                return
            for connection in (*self._idle, self._preparing, self._connection):
                connection.close()
            self._idle = []

    def _idle_one(self) -> duckdb.DuckDBPyConnection | None:
        with self._lock:
            return self._idle.pop() if self._idle else None

    def _another(self) -> duckdb.DuckDBPyConnection:
        cursor = self._connection.cursor()
        cursor.execute("use warehouse")
        cursor.execute("set variable lake = ?", [self.study.lake.root])
        return cursor


class Snapshots:
    """The newest snapshot of a study, looked for whenever somebody asks; `exported` as in `Source`."""

    def __init__(self, study: Study, exported: Path | None = None) -> None:
        self.study = study
        self._exported = exported
        self._newest: OpenSnapshot | None = None
        self._lock = threading.Lock()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[OpenSnapshot]:
        """The newest snapshot, kept open. Raises StudyError where nothing is published, or it is damaged."""
        snapshot = self._entered_unchanged()
        if snapshot is None:  # opening one takes a while
            snapshot = await anyio.to_thread.run_sync(self._entered)
        try:
            yield snapshot
        finally:
            snapshot.leave()

    def newest(self) -> OpenSnapshot:
        """Return the newest snapshot, for somebody who is alone. Raises StudyError as `reading` does."""
        snapshot = self._entered()
        snapshot.leave()
        return snapshot

    async def follow(self) -> None:
        """Of a lake in a bucket, fetch what others publish and renew the credentials, until cancelled."""
        while bucket(self.study.lake.storage) is not None:
            await anyio.sleep(_LOOK_EVERY)
            with suppress(StudyError):  # the store does not answer now: what is here stays
                await anyio.to_thread.run_sync(self._look)

    def _look(self) -> None:
        newest_snapshot(self.study)
        with self._lock:
            if self._newest is not None:
                self._newest.renew_access()

    def close(self) -> None:
        """Let go of the snapshot."""
        if self._newest is not None:
            self._newest.end()
            self._newest = None

    def _entered_unchanged(self) -> OpenSnapshot | None:
        """The snapshot that was the newest the last time, if it is so still and nobody is moving on."""
        if not self._lock.acquire(blocking=False):
            return None
        try:
            if self._newest is None or self._newest.identity != snapshot_identity(warehouse_path(self.study)):
                return None
            self._newest.enter()
            return self._newest
        finally:
            self._lock.release()

    def _entered(self) -> OpenSnapshot:
        path = warehouse_path(self.study)
        with self._lock:
            newest = self._newest
            while newest is None or newest.identity != snapshot_identity(path):
                newest = self._move_on(path)
            newest.enter()
            return newest

    def _move_on(self, path: Path) -> OpenSnapshot | None:
        """Open what is published now; None where that changed meanwhile."""
        found = snapshot_identity(path)
        snapshot = OpenSnapshot(self.study, found or "", self._exported)
        if found != snapshot_identity(path):  # which of the two was opened?
            snapshot.retire()
            return None
        previous, self._newest = self._newest, snapshot
        if previous is not None:
            previous.retire()
        return snapshot


def _spill() -> str:
    """Return a folder that DuckDB makes when it needs it, and removes."""
    return str(Path(tempfile.gettempdir()) / f"persona-{uuid4().hex}")


def _tag(identity: str, exported: Path | None, plain: str | None) -> str:
    if exported is not None:
        looked = exported.stat().st_mtime_ns
        return f"{identity}-{fingerprint({'folder': str(exported.absolute()), 'looked': looked})}"
    return identity if plain is None else f"{identity}-{fingerprint({'plain': plain})}"


def _lacking(connection: duckdb.DuckDBPyConnection) -> str:
    """Return what the snapshot lacks of the columns that the pages ask it for; nothing where it has all."""
    found = set(connection.execute(query("explorer/columns")).fetchall())
    asked = [(table.name, column) for table in SHOWN.values() for column in table.shown]
    missing = [".".join(one) for one in asked if one not in found]
    return f"it has no {', '.join(missing[:3])}" if missing else ""
