"""The snapshots that name files of a lake: those that are published, and those that somebody has open."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from persona_assets.base.duck import literal
from persona_assets.base.errors import StudyError
from persona_assets.lake.lake import Lake
from persona_assets.lake.storage import bucket
from persona_assets.warehouse import kept, warehouse_root
from persona_assets.warehouse.copies import copies

_REPLACED = " (deleted)"  # how Linux calls a file that was replaced while somebody had it open


@dataclass(frozen=True)
class NamedBySnapshot:
    """What a snapshot stands on: `paths` below the lake's root; `published_at`, in UTC, is when it was put
    where it lies.
    """

    where: str
    published_at: datetime
    paths: frozenset[str]


def published(lake: Lake) -> list[NamedBySnapshot]:
    """Every study's published snapshot, in the lake and below `PERSONA_WAREHOUSE`, and those that are kept
    under a name; of a lake in a bucket also the copies in it.

    Raises StudyError for one that cannot be read: nobody knows what it needs.
    """
    here = [_put_in_place(_read(lake, str(path), str(path)), path) for path in _published_paths(lake)]
    named = [str(path) for folder in _folders(lake) for path in kept(folder)]
    return [*here, *(_read(lake, path, path) for path in (*named, *_copies(lake)))]


def held_open(lake: Lake) -> list[NamedBySnapshot]:
    """Earlier snapshots that processes of this machine still read, found where Linux lists their open files.

    Those of other machines, and of users whose processes we may not look into, are not seen.
    """
    names = {f"{folder / 'warehouse.duckdb'}{_REPLACED}" for folder in _folders(lake)}
    found: dict[tuple[int, int], NamedBySnapshot] = {}
    for handle in _open_files():
        try:
            if str(handle.readlink()) not in names:
                continue
            status = handle.stat()
        except OSError:  # closed, or ended, meanwhile
            continue
        if (status.st_dev, status.st_ino) not in found:
            process = handle.parts[2]
            where = f"a snapshot that process {process} has open"
            found[status.st_dev, status.st_ino] = _read(lake, str(handle), where)
    return list(found.values())


def _open_files() -> Iterator[Path]:
    for process in Path("/proc").glob("[0-9]*"):
        try:
            yield from (process / "fd").iterdir()
        except OSError:  # somebody else's, or ended
            continue


def _published_paths(lake: Lake) -> list[Path]:
    paths = [folder / "warehouse.duckdb" for folder in _folders(lake)]
    return [path for path in paths if path.is_file()]


def _copies(lake: Lake) -> list[str]:
    store = bucket(lake.storage)
    if store is None:
        return []
    return [lake.uri(copy.path) for study in store.folders() for copy in copies(store, study)]


def _folders(lake: Lake) -> list[Path]:
    """Return the studies' folders on this machine."""
    roots = {lake.local_root, warehouse_root(lake)}
    return sorted(folder for root in roots if root.is_dir() for folder in root.iterdir() if folder.is_dir())


def _put_in_place(snapshot: NamedBySnapshot, path: Path) -> NamedBySnapshot:
    """Dated by when the disk had it: the clock of who published it may have been another's, or wrong."""
    return replace(snapshot, published_at=datetime.fromtimestamp(path.stat().st_ctime, UTC))


def _read(lake: Lake, path: str, where: str) -> NamedBySnapshot:
    try:
        with duckdb.connect() as connection:
            lake.storage.prepare(connection)
            connection.execute(f"attach {literal(path)} as snapshot (read_only)")
            [(published_at,)] = connection.execute("select published_at from snapshot.study").fetchall()
            paths = connection.execute("select path from snapshot.lake_files").fetchall()
    except duckdb.Error as error:
        reason = str(error).splitlines()[0]
        raise StudyError(
            f"{where}: cannot tell which files it needs ({reason}); publish that study again, or remove it"
        ) from error
    return NamedBySnapshot(where, published_at.replace(tzinfo=UTC), frozenset(path for (path,) in paths))
