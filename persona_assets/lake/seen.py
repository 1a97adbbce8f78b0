"""What this machine remembers to have found whole, so that a file is read to its end once.

A line for each file in `~/.cache/persona_assets/whole`: its device, inode, size, when it last changed, and a
sum of its path in the lake. The system sets size and time whenever anything is written to a file, whatever is
done to its modification time.
"""

from __future__ import annotations

import contextlib
import os
import zlib
from pathlib import Path
from threading import Lock

_MOST = 200_000  # lines, some 10 MB; after that it begins anew

_known: dict[Path, set[str]] = {}
_lock = Lock()


def as_it_is(status: os.stat_result, path: str) -> str:
    """Return what stands for the content of a file at `path`: whoever writes to the file changes it."""
    name = zlib.crc32(path.encode())
    return f"{status.st_dev} {status.st_ino} {status.st_size} {status.st_ctime_ns} {name:08x}"


def is_known(mark: str) -> bool:
    """Return whether what `mark` stands for was found whole on this machine before."""
    with _lock:
        return mark in _marks()


def remember(mark: str) -> None:
    """Keep `mark`; without a word where nothing can be kept, then the next process looks again."""
    with _lock:
        marks = _marks()
        if mark in marks:
            return
        marks.add(mark)
        place = _place()
        if place is not None:
            with contextlib.suppress(OSError):
                place.parent.mkdir(parents=True, exist_ok=True)
                with place.open("ab", buffering=0) as file:  # one write: others append too
                    file.write(f"{mark}\n".encode())


def _marks() -> set[str]:
    place = _place()
    key = place or Path()
    if key not in _known:
        _known[key] = _read(place) if place is not None else set()
    return _known[key]


def _read(place: Path) -> set[str]:
    try:
        lines = place.read_text("utf-8", errors="replace").splitlines()
        if len(lines) > _MOST:
            place.unlink()
            return set()
    except OSError:
        return set()
    return set(lines)


def _place() -> Path | None:
    base = os.environ.get("XDG_CACHE_HOME")
    try:
        return (Path(base) if base else Path.home() / ".cache") / "persona_assets" / "whole"
    except RuntimeError:  # no home
        return None
