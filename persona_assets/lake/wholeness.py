"""Whether a file of the lake is what was written, and in plain words why it is not, or cannot be read now."""

from __future__ import annotations

import errno
import os
import stat
from itertools import pairwise
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from persona_assets.base.errors import DamagedError, StudyError
from persona_assets.lake.parquet import sum_agrees
from persona_assets.lake.schema import EVERY_TABLE
from persona_assets.lake.seen import as_it_is, is_known, remember
from persona_assets.lake.storage import Bucket

PATH_NOTE = b"persona.path"  # in a file's footer: its path below the root, from when it was written

_OF_THE_STORE = "AWS Error"  # how pyarrow's errors begin where it was not the file
_NO_FILE = (errno.EISDIR, errno.ENOTDIR, errno.ELOOP, errno.ENXIO, errno.ENODEV)
_REMEDIES = {
    errno.EACCES: "let this user read it",
    errno.EPERM: "let this user read it",
    errno.EMFILE: "close other programs, or raise `ulimit -n`",
    errno.ENFILE: "close other programs",
    errno.ENOMEM: "free some memory",
}

# What reading a damaged file raises; UnicodeDecodeError, of a footer's texts, is a ValueError.
READING_ERRORS = (pa.ArrowException, OSError, ValueError, MemoryError)


def check_whole(place: Path, path: str) -> None:
    """Raise StudyError unless the file at `place` is as it was written, as `path` below a lake's root.

    It is read to its end once on this machine, and again only where somebody has written to it. DamagedError
    where it is damaged or another file; another StudyError where it cannot be read now.
    """
    try:
        status = place.stat()
        mark = as_it_is(status, path)
        if is_known(mark):
            return
        refuse_other_kinds(place, status)
        with place.open("rb") as file:
            agrees = sum_agrees(file)
        if agrees is False:
            raise damaged(str(place), "its content is not what was written: its checksum is another")
        with pq.ParquetFile(place, page_checksum_verification=True) as parquet:
            refuse_another(parquet, path, str(place))
            for group in range(parquet.num_row_groups if agrees is None else 0):
                parquet.read_row_group(group)  # of an earlier version: each page against its own checksum
    except READING_ERRORS as error:
        raise damaged(str(place), error) from error
    remember(mark)


def fetch_whole(store: Bucket, path: str, folder: Path) -> str:
    """Return where to read the store's file at `path`: there, if it was found whole before, else in `folder`.

    Raises StudyError, naming the file in the store, as `check_whole`.
    """
    uri = f"{store.root}/{path}"
    mark = f"{uri} {store.mark_of(path)}"
    if is_known(mark):
        return uri
    here = folder / path
    here.parent.mkdir(parents=True, exist_ok=True)
    store.fetch(path, here)
    try:
        check_whole(here, path)
    except DamagedError as error:
        raise damaged(uri, str(error)) from error
    remember(mark)
    return str(here)


def refuse_another(parquet: pq.ParquetFile, path: str, uri: str) -> None:
    """Raise DamagedError where a file at `path` below the root was written as another, or of another table.

    Only the study may have another name than it had.
    """
    written_as = (parquet.metadata.metadata or {}).get(PATH_NOTE, path.encode()).decode()
    if path.split("/")[1:] != written_as.split("/")[1:]:
        raise damaged(uri, f"was written as {written_as}")
    table = EVERY_TABLE.get(path.split("/")[1])
    if table is not None and table.columns and not table.has(parquet.schema_arrow.names):
        raise damaged(uri, "its columns are not those of the table")


def refuse_other_kinds(path: Path, status: os.stat_result | None = None) -> None:
    """Raise DamagedError for a folder, pipe or device, which reading might wait for without end.

    Raises OSError where there is nothing.
    """
    if not stat.S_ISREG((status or path.stat()).st_mode):
        raise damaged(str(path), "it is no file, but a folder, pipe or device")


def damaged(path: str, why: object) -> StudyError:
    """Return the error for a file that could not be read: that it is damaged, or that it cannot be read now,
    where the system or the store refused.
    """
    if isinstance(why, StudyError):
        return why
    reason = (str(why) or type(why).__name__).splitlines()[0]
    number = why.errno if isinstance(why, OSError) else None
    if number == errno.ENOENT:
        return DamagedError(f"{path}: is not there any more; run again", "No such file or directory")
    remedy = refusal_of(why)
    if remedy is not None:
        return StudyError(f"{path}: cannot be read now ({reason}); {remedy}, and run again")
    study = study_of(path)
    return DamagedError(
        f"{path}: damaged, or not a file of this lake ({reason}); delete it with all that was made from it "
        f"(`persona verify {study} --delete`) and run again",
        reason,
    )


def refusal_of(why: object) -> str | None:
    """Return what to do where an error says nothing of the file, but that it could not be read; else None."""
    if _OF_THE_STORE in str(why):
        return "check network and credentials"
    if isinstance(why, MemoryError):
        return _REMEDIES[errno.ENOMEM]
    number = why.errno if isinstance(why, OSError) else None
    if number is None or number in (*_NO_FILE, errno.ENOENT):
        return None
    return _REMEDIES.get(number, "check its disk, or the network it comes over")


def study_of(path: str) -> str:
    """Return the study that a file's path names, `STUDY` where it names none."""
    parts = path.split("/")
    return next((study for study, table in pairwise(parts) if table in EVERY_TABLE), "STUDY")
