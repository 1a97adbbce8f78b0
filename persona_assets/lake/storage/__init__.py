"""Where a lake's files lie: a folder of this machine, or a bucket of an object store."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import NamedTuple, Protocol, cast

import duckdb
import pyarrow.fs as pafs

from persona_assets.lake.storage.httpfs import Access


class Stored(NamedTuple):
    """A file; `path` is relative to the root, `size` in bytes, `modified` in seconds since 1970."""

    path: str
    size: int
    modified: float


class Storage(Protocol):
    """Files below `root`, which is written as DuckDB takes it. Paths are relative to it, with `/`.

    Every method raises StudyError, in one line, where the disk or the store refuses or cannot be reached.
    """

    root: str

    @property
    def folder(self) -> Path | None:
        """The folder of this machine that it is; None for an object store."""

    @property
    def filesystem(self) -> pafs.FileSystem:
        """How pyarrow reads it."""

    def prepare(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Let the connection's database read below `root`."""

    def below(self, folder: str) -> Iterator[Stored]:
        """Yield every file in a folder and those in it, in no order; none where there is no such folder."""

    def placing(self, path: str) -> AbstractContextManager[Path]:
        """A local path to write to; at the end its content is there under `path`, whole, or after an error
        nothing is. Raises FileExistsError where somebody else's file is there by then.
        """

    def text(self, path: str) -> str | None:
        """Return what a small file says; None where there is none."""

    def mark(self, path: str) -> None:
        """Have an empty file at `path`."""

    def remove(self, path: str) -> None:
        """Delete a file, if it is there. Its folder stays: others may be about to write into it."""

    def sweep(self, folder: str) -> None:
        """Remove what writers that were killed have left in a folder."""


class Bucket(Storage, Protocol):
    """The storage of an object store."""

    def access(self) -> Access:
        """Return what another process needs to read it for a while."""

    def folders(self) -> list[str]:
        """Return the names of the folders right below the root."""

    def send(self, file: Path, path: str) -> None:
        """Put this machine's `file` under `path`, whatever is there."""

    def fetch(self, path: str, to: Path) -> None:
        """Write the file at `path` to `to`."""

    def mark_of(self, path: str) -> str:
        """Return what the store says stands for the content of the file at `path`."""


def storage_at(root: str | Path) -> Storage:
    """Return what `root` names: a local path, or `s3://bucket/prefix`. Raises StudyError for any other."""
    if "://" in str(root) or str(root).startswith("s3:"):
        from persona_assets.lake.storage.s3 import S3Storage

        return S3Storage(str(root))
    from persona_assets.lake.storage.local import LocalStorage

    return LocalStorage(Path(root))


def bucket(storage: Storage) -> Bucket | None:
    """`storage`, if it is an object store's."""
    return cast(Bucket, storage) if storage.folder is None else None
