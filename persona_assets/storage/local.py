"""A lake in a folder of this machine, or of a disk that several share."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pyarrow.fs as pafs

from persona_assets.errors import writing
from persona_assets.placing import is_alive, sync
from persona_assets.storage import Stored

_BESIDE = re.compile(r"\..+\.(\d+)\.tmp", re.ASCII)


class LocalStorage:
    """The `Storage` in `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()
        self.root = str(self.folder)
        self.filesystem = pafs.LocalFileSystem()

    def prepare(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Nothing to do: DuckDB reads this machine's files."""

    def below(self, folder: str) -> Iterator[Stored]:
        """See `Storage`."""
        selector = pafs.FileSelector(f"{self.root}/{folder}", recursive=True, allow_not_found=True)
        for info in self.filesystem.get_file_info(selector):
            if info.type == pafs.FileType.File:
                yield Stored(os.path.relpath(info.path, self.root), info.size, info.mtime_ns / 1e9)

    @contextmanager
    def placing(self, path: str) -> Iterator[Path]:
        """See `Storage`: written beside, by the caller synced, then linked to its name."""
        target = self.folder / path
        beside = target.with_name(f".{target.name}.{os.getpid()}.tmp")
        with writing(target):
            target.parent.mkdir(parents=True, exist_ok=True)
            self.sweep(path.rpartition("/")[0])
            try:
                yield beside
                is_ours = _appear(beside, target)
            finally:
                beside.unlink(missing_ok=True)
            sync(target.parent)
        if not is_ours:
            raise FileExistsError(path)

    def mark(self, path: str) -> None:
        """See `Storage`."""
        with writing(self.folder / path):
            (self.folder / path).touch()

    def remove(self, path: str) -> None:
        """See `Storage`."""
        with writing(self.folder / path):
            (self.folder / path).unlink(missing_ok=True)

    def sweep(self, folder: str) -> None:
        """See `Storage`."""
        for leftover in (self.folder / folder).glob(".*.tmp"):
            ours = _BESIDE.fullmatch(leftover.name)  # tools that sync or edit have hidden files of their own
            if ours and not is_alive(int(ours[1])):
                leftover.unlink(missing_ok=True)


def _appear(beside: Path, target: Path) -> bool:
    """Give the file its name; False where somebody's file has it, which renaming would replace."""
    try:
        os.link(beside, target)
    except FileExistsError:
        return False
    except OSError:  # a disk that knows no links
        beside.replace(target)
    return True
