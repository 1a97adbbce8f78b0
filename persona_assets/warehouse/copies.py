"""Snapshots in a lake's bucket, for the machines that did not publish them.

    <root>/<study>/warehouse/<published at, UTC>.duckdb

A copy never changes. Its name says when its publisher looked at the lake, but is always later than those of
the copies that were there then: a clock that is ahead hides nobody's work. Of two that publish at once the
one whose name is the earlier finds the other's copy when it has sent its own, and looks again. On each
machine the snapshot's own modification time says which copy it is.
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from persona_assets.base.atomic import is_taken, turn_at_once
from persona_assets.base.swap import building, swap_in
from persona_assets.lake.storage import Bucket, Stored

_LOG = logging.getLogger(__name__)
_LARGE = 100_000_000  # bytes: whoever waits for them is told why
_KEPT = 2  # the newest, and the one before, which somebody may just be fetching
_FORM = "%Y%m%dT%H%M%S.%fZ"
_NAME = re.compile(r"\d{8}T\d{6}\.\d{6}Z\.duckdb")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Which = tuple[int, int] | None


def send_copy(lake: Bucket, study: str, snapshot: Path) -> str:
    """Put the snapshot that this machine has just published into the bucket, and return its path, which says
    its date; older ones go.
    """
    path = f"{_folder(study)}/{_moment(snapshot).strftime(_FORM)}.duckdb"
    lake.send(snapshot, path)
    for copy in copies(lake, study)[:-_KEPT]:
        lake.remove(copy.path)
    return path


def after(seen: Sequence[Stored]) -> datetime | None:
    """Return the earliest date of a snapshot that is to be newer than those seen, whatever the clocks say."""
    return _published_at(seen[-1].path) + timedelta(microseconds=1) if seen else None


def fetch_newer(lake: Bucket, study: str, target: Path) -> None:
    """Have at `target` the newest snapshot of the bucket, unless it is; who has the old one open keeps it.

    What this machine publishes meanwhile stays: the copy that was fetched is then the older of the two. While
    somebody publishes here nothing is put in place.
    """
    found = copies(lake, study)
    if not found:
        return
    newest = found[-1]
    published_at = _published_at(newest.path)
    before = which(target)
    if target.exists() and _is_newest(target, published_at):
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    with building(target) as beside:
        if newest.size > _LARGE:
            _LOG.warning("fetching the newest snapshot of %s, %.0f MB", study, newest.size / 1e6)
        lake.fetch(newest.path, beside)
        date(beside, published_at)
        with turn_at_once(target.parent) as free:
            if free and which(target) == before:
                swap_in(beside, target)


def which(snapshot: Path) -> Which:
    """Return what tells one snapshot from the next, whatever any clock says; None where there is none."""
    try:
        status = snapshot.lstat()  # a link is replaced like a file, and one to itself leads nowhere
    except FileNotFoundError:
        return None
    return status.st_ino, status.st_ctime_ns


def _is_newest(target: Path, published_at: datetime) -> bool:
    """Whether this machine's snapshot is the bucket's newest, or one that is just about to be sent there."""
    ours = _moment(target)
    return ours == published_at or (ours > published_at and is_taken(target.parent))


def copies(lake: Bucket, study: str) -> list[Stored]:
    """Return a study's snapshots in the bucket, the newest last."""
    return sorted(
        stored for stored in lake.below(_folder(study)) if _NAME.fullmatch(stored.path.rsplit("/", 1)[-1])
    )


def date(snapshot: Path, published_at: datetime) -> None:
    """Have the file's modification time say when it was published."""
    nanoseconds = (published_at - _EPOCH) // timedelta(microseconds=1) * 1000
    os.utime(snapshot, ns=(nanoseconds, nanoseconds))


def _moment(snapshot: Path) -> datetime:
    return _EPOCH + timedelta(microseconds=snapshot.stat().st_mtime_ns // 1000)


def _published_at(path: str) -> datetime:
    name = path.rsplit("/", 1)[-1].removesuffix(".duckdb")
    return datetime.strptime(name, _FORM).replace(tzinfo=UTC)


def _folder(study: str) -> str:
    return f"{study}/warehouse"
