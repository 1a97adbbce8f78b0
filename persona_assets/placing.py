"""Files that appear whole or not at all, and what writers that were killed leave."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from persona_assets.errors import StudyError
from persona_assets.given import is_file


@contextmanager
def placed(target: Path) -> Iterator[Path]:
    """A path beside `target` to write to; renamed to `target` at the end, removed after an error.

    Raises StudyError where the disk is full or read-only.
    """
    beside = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            yield beside
            beside.replace(target)
        finally:
            beside.unlink(missing_ok=True)
    except OSError as error:
        blocking = next((folder for folder in target.parents if is_file(folder)), None)
        if blocking is not None:
            raise StudyError(f"{blocking}: is a file; name a folder") from error
        raise StudyError(
            f"cannot write {target}: {error.strerror or error}; free or mount its disk, "
            "or export into another directory"
        ) from error


@contextmanager
def turn(folder: Path) -> Iterator[None]:
    """Wait until no other process has its turn at `folder`; one that is killed gives it up."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def sync(path: Path) -> None:
    """Have the disk hold the file's content, or the folder's entries, before going on."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def is_alive(pid: int) -> bool:
    """Whether a process of this machine has the number `pid`."""
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):  # no process has so large a number
        return False
    except PermissionError:  # somebody else's
        return True
    return True
