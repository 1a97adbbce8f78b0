"""Snapshots in a lake's bucket, for the machines that did not publish them.

    <root>/<study>/warehouse/<published at, UTC>.duckdb

A copy never changes and its name says when its publisher looked at the lake; so of two that publish at once
the one that looked later wins, whoever is the faster. On each machine the snapshot's own modification time
says which one it is.
"""

from __future__ import annotations

import logging
import os
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

from persona_assets.storage import Bucket, Stored
from persona_assets.warehouse.swap import replacing

_LOG = logging.getLogger(__name__)
_LARGE = 100_000_000  # bytes: whoever waits for them is told why
_KEPT = 2  # the newest, and the one before, which somebody may just be fetching
_FORM = "%Y%m%dT%H%M%S.%fZ"
_NAME = re.compile(r"\d{8}T\d{6}\.\d{6}Z\.duckdb")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def send_copy(lake: Bucket, study: str, snapshot: Path, published_at: datetime) -> None:
    """Put the snapshot that this machine has just published into the bucket; older ones go."""
    lake.send(snapshot, f"{_folder(study)}/{published_at.strftime(_FORM)}.duckdb")
    for copy in copies(lake, study)[:-_KEPT]:
        lake.remove(copy.path)


def fetch_newer(lake: Bucket, study: str, target: Path) -> None:
    """Have at `target` the newest snapshot of the bucket, unless it is; who has the old one open keeps it."""
    found = copies(lake, study)
    if not found:
        return
    newest = found[-1]
    published_at = _published_at(newest.path)
    if target.exists() and _moment(target) >= published_at:
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    with replacing(target) as beside:
        if newest.size > _LARGE:
            _LOG.warning("fetching the newest snapshot of %s, %.0f MB", study, newest.size / 1e6)
        lake.fetch(newest.path, beside)
        date(beside, published_at)


def copies(lake: Bucket, study: str) -> list[Stored]:
    """A study's snapshots in the bucket, the newest last."""
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
