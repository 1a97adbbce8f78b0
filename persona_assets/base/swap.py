"""Putting a new file in the place of an old one that others may be reading, whole or not at all."""

from __future__ import annotations

import os
import re
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from glob import escape
from pathlib import Path

from persona_assets.base.atomic import MARK, is_left, own_mark, sync
from persona_assets.base.errors import StudyError
from persona_assets.base.given import is_file, is_folder

_OLD = ".old"  # how the name of a folder ends that stepped aside


@contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """A name beside `target` to build at; at the end it takes the place of `target`, whole, or, after an
    error, is gone. What builders that were killed have left goes first.
    """
    with building(target) as beside:
        yield beside
        swap_in(beside, target)


@contextmanager
def building(target: Path) -> Iterator[Path]:
    """A name beside `target` to build at, as `replacing` does; what is not swapped in is removed."""
    sweep(target)
    beside = name_beside(target)
    try:
        yield beside
    finally:
        discard(beside)


@contextmanager
def replacing_folder(target: Path) -> Iterator[Path]:
    """Yield a new folder beside `target` to fill; at the end it takes the place of `target`, whole.

    Where `target` is a link, the folder that it leads to is replaced, and the link stays. After an error the
    new one is gone. No folder can be renamed over another, so the old one steps aside first: who is killed in
    between leaves that alone, and the next to come puts it back (`restore`).
    """
    target = Path(os.path.realpath(target))
    restore(target)
    beside = name_beside(target)
    old = beside.with_name(beside.name + _OLD)
    try:
        beside.mkdir(parents=True)
        yield beside
        if target.exists():
            target.rename(old)
        beside.rename(target)
    finally:
        if old.exists() and not target.exists():
            old.rename(target)
        discard(beside)


def check_replaceable(folder: Path, kind: str, owned: Callable[[], Callable[[str], bool] | None]) -> None:
    """Raise StudyError where `folder` cannot become a new `kind` without a loss.

    It may be missing, empty, or an earlier one that holds nothing else: `owned` returns what says of a path
    in it whether that belongs to it, None where it is none.
    """
    blocking = next((place for place in (folder, *folder.parents) if is_file(place)), None)
    if blocking is not None:
        raise StudyError(f"{blocking}: is a file; name a folder")
    if not is_folder(folder) or not any(folder.iterdir()):
        return
    belongs = owned()
    if belongs is None:
        raise StudyError(f"{folder}: is not empty, and no {kind}; name a new folder or an empty one")
    for place in sorted(folder.rglob("*")):
        if place.is_symlink() or not (place.is_dir() or belongs(place.relative_to(folder).as_posix())):
            raise StudyError(
                f"{place}: is no part of the {kind} that would be replaced; name a new folder, or move it "
                "away"
            )


def restore(target: Path) -> None:
    """Put back the folder `target` where a builder was killed between its renames, and sweep."""
    for leftover in _leftovers(target):
        if leftover.name.endswith(_OLD) and not target.exists():
            leftover.rename(target)
    sweep(target)


def name_beside(target: Path) -> Path:
    """Return a name of this process's own for building what will replace `target`."""
    return target.with_name(f".{target.name}.{own_mark()}.{secrets.token_hex(4)}")


def sweep(target: Path) -> None:
    """Remove what builders of `target` that were killed have left: files, logs and spill folders."""
    for leftover in _leftovers(target):
        _remove(leftover)


def _leftovers(target: Path) -> list[Path]:
    """Return what builders of `target` that are no more have left beside it; other hidden files are not."""
    ours = re.compile(rf"\.{re.escape(target.name)}\.(?P<mark>{MARK})\.[0-9a-f]{{8}}(\..*)?", re.ASCII)
    found = [(path, ours.fullmatch(path.name)) for path in target.parent.glob(f".{escape(target.name)}.*")]
    return [path for path, match in found if match and is_left(path, match["mark"])]


def swap_in(beside: Path, target: Path) -> None:
    """Replace `target` by `beside`, synced; who has the old file open keeps it.

    A write-ahead log next to `target` is what somebody's crashed session left there. It goes first: should
    we be killed in between, the old snapshot stands without it, whereas the new one would replay it.
    """
    sync(beside)
    _remove_logs(target)
    sync(target.parent)
    beside.replace(target)
    _remove_logs(target)  # a session still writing to the old snapshot may just have begun another
    sync(target.parent)


def discard(beside: Path) -> None:
    """Remove `beside` and whatever DuckDB has put next to it."""
    for part in beside.parent.glob(f"{escape(beside.name)}*"):
        _remove(part)


def _remove_logs(target: Path) -> None:
    for log in target.parent.glob(f"{escape(target.name)}.wal*"):
        _remove(log)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
