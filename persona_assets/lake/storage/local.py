"""A lake in a folder of this machine, or of a disk that several share."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pyarrow.fs as pafs

from persona_assets.base.atomic import MARK, is_left, own_mark, sync
from persona_assets.base.errors import StudyError, writing
from persona_assets.lake.storage import Stored

_UNFINISHED = re.compile(rf"\.(?:imported-)?[0-9a-f]{{16}}(?:-r\d+)?\.parquet\.(?P<mark>{MARK})\.tmp")


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
        beside = target.with_name(f".{target.name}.{own_mark()}.tmp")
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

    def text(self, path: str) -> str | None:
        """See `Storage`."""
        place = self.folder / path
        try:
            return place.read_text("utf-8", errors="replace") if place.is_file() else None
        except OSError as error:
            raise StudyError(f"{place}: cannot be read now ({error.strerror or error}); run again") from error

    def mark(self, path: str) -> None:
        """See `Storage`."""
        place = self.folder / path
        with writing(place):
            place.parent.mkdir(parents=True, exist_ok=True)
            place.touch()

    def remove(self, path: str) -> None:
        """See `Storage`."""
        place = self.folder / path
        with writing(place):
            if not place.is_dir() or place.is_symlink():  # a folder is no file of ours
                place.unlink(missing_ok=True)

    def sweep(self, folder: str) -> None:
        """See `Storage`."""
        for leftover in (self.folder / folder).glob(".*.tmp"):
            ours = _UNFINISHED.fullmatch(leftover.name)  # other programs have hidden files of their own
            if ours is not None and is_left(leftover, ours["mark"]):
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
