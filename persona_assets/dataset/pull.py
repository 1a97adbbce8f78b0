"""`persona pull`: a data set read back as a study that is only read.

It comes into a folder beside the target, so that it goes on after an interruption, and takes the target's
place when every file is what the list says. Of the study's settings what would run code is left out.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from persona_assets.base.atomic import turn_at_once
from persona_assets.base.duck import writing_database
from persona_assets.base.errors import StudyError
from persona_assets.base.given import is_file, is_folder
from persona_assets.base.progress import Progress
from persona_assets.dataset.fetch import Source, size_of, source_at
from persona_assets.dataset.laid_out import lay_out
from persona_assets.dataset.settings import attributes
from persona_assets.lake.fingerprint import sha256_of
from persona_assets.study.dataset import CARD, DATA, LARGEST, MANIFEST, DataFile, DataSet, parsed_dataset

_LARGEST_CARD = 16 * 2**20  # bytes
_ROOM = 1.5  # times the files' size: the database is made of them


def pull(source: str, target: Path, progress: Progress, begin: Callable[[DataSet, int], None]) -> DataSet:
    """Have at `target`, a new folder, the data set that lies at `source`: a folder, or a web address.

    `begin` is told the data set, and how many bytes are still to come, before any comes. Raises StudyError,
    with nothing at `target`, where something is not what its list says; what came stays for another attempt.
    """
    _refuse_taken(target)
    place = Path(os.path.realpath(target))  # where a link leads to
    partial = place.with_name(f".{place.name}.pulling")
    with source_at(source) as there:
        text = there.text(MANIFEST, LARGEST)
        dataset = parsed_dataset(text, f"{there.name}/{MANIFEST}")
        attributes(dataset)
        with writing_database(target):
            partial.mkdir(parents=True, exist_ok=True)
            with turn_at_once(partial) as free:
                if not free:
                    raise StudyError(f"{partial}: another `persona pull` is filling it; wait until it ends")
                _fetch_all(there, dataset, partial, progress, begin)
                (partial / CARD).write_text(there.text(CARD, _LARGEST_CARD), encoding="utf-8")
                lay_out(dataset, partial)
                (partial / MANIFEST).write_text(text, encoding="utf-8")
                _refuse_taken(target)
                partial.rename(place)
    return dataset


def _refuse_taken(target: Path) -> None:
    if is_file(target) or (is_folder(target) and any(target.iterdir())):
        raise StudyError(f"{target}: is there already; name a new folder")


def _fetch_all(
    source: Source,
    dataset: DataSet,
    partial: Path,
    progress: Progress,
    begin: Callable[[DataSet, int], None],
) -> None:
    _sweep(partial, dataset)
    missing = [file for file in dataset.files if not _is_whole(partial / file.path, file)]
    to_come = sum(file.bytes for file in missing) - sum(
        _begun(source, partial / file.path) for file in missing
    )
    begin(dataset, to_come)
    room = shutil.disk_usage(partial).free
    if dataset.n_bytes * _ROOM - (dataset.n_bytes - to_come) > room:
        needed = dataset.n_bytes * _ROOM / 1e9
        raise StudyError(
            f"{partial.parent}: has {room / 1e9:.1f} GB free, and the data set takes {needed:.1f} GB with "
            "its database; name a folder elsewhere"
        )
    heard = 0

    def hear(n_bytes: int) -> None:
        nonlocal heard
        heard += n_bytes
        progress(heard, max(to_come, heard))

    for file in missing:
        _fetch(source, file, partial / file.path, hear)


def _fetch(source: Source, file: DataFile, place: Path, hear: Callable[[int], None]) -> None:
    part = _part(place)
    place.parent.mkdir(parents=True, exist_ok=True)
    source.fetch(file.path, part, file.bytes, hear)
    if sha256_of(part) != file.sha256:
        part.unlink()
        raise StudyError(
            f"{source.name}/{file.path}: is not the file of the data set's list (another SHA-256); nothing "
            "was put in place; run again, or ask whoever wrote it"
        )
    part.replace(place)  # not synced: the next attempt reads it again


def _part(place: Path) -> Path:
    return place.with_name(f"{place.name}.part")


def _begun(source: Source, place: Path) -> int:
    """Return how many bytes of a file need not come again."""
    return size_of(_part(place)) if source.goes_on else 0


def _is_whole(place: Path, file: DataFile) -> bool:
    return is_file(place) and place.stat().st_size == file.bytes and sha256_of(place) == file.sha256


def _sweep(partial: Path, dataset: DataSet) -> None:
    """Remove what an earlier attempt left, but for files of this data set and what came of them."""
    wanted = {file.path for file in dataset.files}
    for place in partial.iterdir():
        if place.name != DATA and place.is_dir() and not place.is_symlink():
            shutil.rmtree(place)
    for place in sorted(partial.rglob("*"), reverse=True):
        path = place.relative_to(partial).as_posix()
        if place.is_symlink() or (not place.is_dir() and path.removesuffix(".part") not in wanted):
            place.unlink()
