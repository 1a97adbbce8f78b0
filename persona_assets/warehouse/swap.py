"""Putting a new file in the place of an old one that others may be reading, whole or not at all."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from persona_assets.placing import is_alive, sync


@contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """A name beside `target` to build at; at the end it takes the place of `target`, whole, or, after an
    error, is gone. What builders that were killed have left goes first.
    """
    sweep(target)
    beside = name_beside(target)
    try:
        yield beside
        swap_in(beside, target)
    finally:
        discard(beside)


def name_beside(target: Path) -> Path:
    """A name of this process's own for building what will replace `target`."""
    return target.with_name(f".{target.name}.{os.getpid()}.{secrets.token_hex(4)}")


def sweep(target: Path) -> None:
    """Remove what builders of `target` that were killed have left: files, logs and spill folders."""
    for leftover in target.parent.glob(f".{target.name}.*"):
        pid = leftover.name.removeprefix(f".{target.name}.").split(".")[0]
        if pid.isdigit() and not is_alive(int(pid)):
            _remove(leftover)


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
    for part in beside.parent.glob(f"{beside.name}*"):
        _remove(part)


def _remove_logs(target: Path) -> None:
    for log in target.parent.glob(f"{target.name}.wal*"):
        _remove(log)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
