"""`persona pull`: a data set read back as a study that is only read.

It comes into a folder beside the target, so that it goes on after an interruption, and takes the target's
place when every file is what the list says. Of the study's settings what would run code is left out.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import duckdb
import yaml

from persona_assets.base.atomic import turn_at_once
from persona_assets.base.duck import literal, writing_database
from persona_assets.base.errors import StudyError
from persona_assets.base.given import is_file, is_folder
from persona_assets.base.progress import Progress
from persona_assets.base.queries import query
from persona_assets.dataset.fetch import Source, source_at
from persona_assets.dataset.snapshot import build_snapshot
from persona_assets.dataset.tables import sha256
from persona_assets.study.dataset import CARD, LARGEST, MANIFEST, SNAPSHOT, DataFile, DataSet, parsed_dataset
from persona_assets.study.roles import check_name
from persona_assets.study.study import COMPONENT, study_from

_LARGEST_CARD = 16 * 2**20  # bytes
_ROLES, _QUESTIONS = "roles", "questions.jsonl"
_BACKENDS = ("backend", "library")  # settings that may name a module to import
_MOST_VARIANTS = 10_000  # instructions of a role
_ROOM = 1.5  # times the files' size: the database is made of them


def pull(place: str, target: Path, progress: Progress, begin: Callable[[DataSet, int], None]) -> DataSet:
    """Have at `target`, a new folder, the data set that lies at `place`: a folder, or a web address.

    `begin` is told the data set, and how many bytes are still to come, before any comes. Raises StudyError,
    with nothing at `target`, where something is not what its list says; what came stays for another attempt.
    """
    _refuse_taken(target)
    partial = target.absolute().with_name(f".{target.absolute().name}.pulling")
    with source_at(place) as source:
        text = source.text(MANIFEST, LARGEST)
        dataset = parsed_dataset(text, f"{source.name}/{MANIFEST}")
        attributes(dataset)
        with writing_database(target):
            partial.mkdir(parents=True, exist_ok=True)
            with turn_at_once(partial) as free:
                if not free:
                    raise StudyError(f"{partial}: another `persona pull` is filling it; wait until it ends")
                _fetch_all(source, dataset, partial, progress, begin)
                (partial / CARD).write_text(source.text(CARD, _LARGEST_CARD), encoding="utf-8")
                _lay_out(dataset, partial)
                (partial / MANIFEST).write_text(text, encoding="utf-8")
                _refuse_taken(target)
                partial.rename(target.absolute())
    return dataset


def attributes(dataset: DataSet) -> dict[str, Any]:
    """Return the settings of the study that is only read: nothing in them names a module to import.

    Raises StudyError where this version cannot read them.
    """
    settings = _without_code(dataset.settings)
    try:
        settings["roles"] = {**settings["roles"], "directory": _ROLES}
        settings["questions"] = {**settings["questions"], "file": _QUESTIONS}
        if settings["questions"].get("mode") != "general":
            settings["questions"].pop("file")
        study_from(settings, Path(dataset.study) / "defs.yaml")
    except (StudyError, KeyError, TypeError) as error:
        raise StudyError(
            f"the data set's settings are not those of a study of this version ({error}); it was written by "
            f"{dataset.made_by}"
        ) from error
    return settings


def _without_code(value: Any) -> Any:
    """Return settings without engines' options, and without backends and libraries that are modules."""
    if isinstance(value, Mapping):
        return {
            key: _without_code(inner)
            for key, inner in value.items()
            if not (key in _BACKENDS and isinstance(inner, str) and ":" in inner) and key != "engine"
        }
    return [_without_code(inner) for inner in value] if isinstance(value, list) else value


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
    to_come = sum(file.bytes for file in missing) - sum(_begun(partial / file.path) for file in missing)
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
    if sha256(part) != file.sha256:
        part.unlink()
        raise StudyError(
            f"{source.name}/{file.path}: is not the file of the data set's list (another SHA-256); nothing "
            "was put in place; run again, or ask whoever wrote it"
        )
    part.replace(place)  # not synced: the next attempt, or who opens the study, checks it


def _part(place: Path) -> Path:
    return place.with_name(f"{place.name}.part")


def _begun(place: Path) -> int:
    part = _part(place)
    return part.stat().st_size if part.exists() else 0


def _is_whole(place: Path, file: DataFile) -> bool:
    return is_file(place) and place.stat().st_size == file.bytes and sha256(place) == file.sha256


def _sweep(partial: Path, dataset: DataSet) -> None:
    """Remove what an earlier attempt left that is not of this data set."""
    wanted = {file.path for file in dataset.files}
    for place in sorted(partial.rglob("*"), reverse=True):
        path = place.relative_to(partial).as_posix()
        if place.is_symlink() or (not place.is_dir() and path.removesuffix(".part") not in wanted):
            place.unlink()


def _lay_out(dataset: DataSet, folder: Path) -> None:
    """Make what a study is besides its files: the database, `defs.yaml`, roles and questions."""
    build_snapshot(folder / SNAPSHOT, dataset, folder)
    with duckdb.connect() as connection:
        connection.execute(f"attach {literal(str(folder / SNAPSHOT))} as warehouse (read_only)")
        connection.execute("use warehouse")
        roles = connection.execute(query("dataset/roles")).fetchall()
        questions = connection.execute(query("dataset/questions")).fetchall()
    (folder / _ROLES).mkdir()
    for role, *told in roles:
        check_name(role, f"{folder}: the table roles")
        _write_json(folder / _ROLES / f"{role}.json", [_role(*told)])
    _write_json(folder / _QUESTIONS, [{"id": number, "question": text} for number, text in questions])
    written = {"type": COMPONENT, "attributes": attributes(dataset)}
    text = yaml.safe_dump(written, sort_keys=False, allow_unicode=True)
    (folder / "defs.yaml").write_text(text, encoding="utf-8")


def _role(
    instructions: Mapping[int, str], questions: list[str] | None, eval_prompt: str | None
) -> dict[str, Any]:
    """Return a role as its file has it; an instruction that was not asked is empty."""
    asked = [number for number in instructions if 0 <= number < _MOST_VARIANTS]
    said = [{"pos": instructions.get(number) or ""} for number in range(1 + max(asked, default=0))]
    told = {"instruction": said, "questions": questions or []}
    return told if eval_prompt is None else told | {"eval_prompt": eval_prompt}


def _write_json(file: Path, values: Iterable[Any]) -> None:
    """Write values, one per line."""
    lines = (json.dumps(value, ensure_ascii=False) + "\n" for value in values)
    file.write_text("".join(lines), encoding="utf-8")
