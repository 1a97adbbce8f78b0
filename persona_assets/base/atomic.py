"""Files that appear whole or not at all, and what writers that were killed leave."""

from __future__ import annotations

import fcntl
import os
import platform
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from persona_assets.base.errors import StudyError, writing
from persona_assets.base.given import is_file

# How a process marks what it has not finished; earlier versions wrote the number alone.
MARK = r"\d{1,10}(?:\.[A-Za-z0-9-]+-\d+)?"

_LONG = 24 * 3600  # seconds


@contextmanager
def placed(target: Path) -> Iterator[Path]:
    """Yield a path beside `target` to write to; it is renamed to `target` at the end, removed after an error.

    Raises StudyError where the disk is full or read-only, or a file stands where a folder must be.
    """
    beside = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    blocking = next((folder for folder in target.parents if is_file(folder)), None)
    if blocking is not None:
        raise StudyError(f"{blocking}: is a file; name a folder")
    with writing(target, "write elsewhere"):
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            yield beside
            beside.replace(target)
        finally:
            beside.unlink(missing_ok=True)


@contextmanager
def turn(folder: Path) -> Iterator[None]:
    """Wait until no other process has its turn at `folder`; one that is killed gives it up."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


@contextmanager
def turn_at_once(folder: Path) -> Iterator[bool]:
    """Yield whether the turn at `folder` could be had without waiting; if so it is held, as with `turn`."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        free = True
    except BlockingIOError:
        free = False
    try:
        yield free
    finally:
        os.close(handle)


def is_taken(folder: Path) -> bool:
    """Return whether somebody has the turn at `folder` at this moment."""
    with turn_at_once(folder) as free:
        return not free


def sync(path: Path) -> None:
    """Have the disk hold the file's content, or the folder's entries, before going on."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def is_alive(pid: int) -> bool:
    """Return whether a process of this machine has the number `pid`."""
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):  # no process has so large a number
        return False
    except PermissionError:  # somebody else's
        return True
    return True


def own_mark() -> str:
    """Return what this process marks its unfinished files with: its number, and where that number counts."""
    return f"{os.getpid()}.{_place()}"


def is_left(unfinished: Path, mark: str) -> bool:
    """Return whether a file marked by `mark` was left by a process that is gone.

    Processes of another machine or container cannot be seen: their files count as left after a day without a
    change. Earlier versions wrote no place: theirs count as this machine's.
    """
    pid, _, place = mark.partition(".")
    if place in ("", _place()):
        return not is_alive(int(pid))
    try:
        return time.time() - unfinished.stat().st_mtime > _LONG
    except OSError:  # its writer has just finished
        return False


@cache
def _place() -> str:
    """This machine, and on it the container: a process's number means nothing elsewhere."""
    try:
        space = Path("/proc/self/ns/pid").stat().st_ino
    except OSError:  # not Linux
        space = 0
    return f"{re.sub('[^A-Za-z0-9-]', '-', platform.node())[:64] or 'here'}-{space}"
