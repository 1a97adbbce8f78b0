"""Fingerprints: short hashes of everything that decides a file's content, and of nothing else."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Callable, Iterator
from fnmatch import translate
from functools import lru_cache
from pathlib import Path
from typing import Any

from persona_assets.base.errors import StudyError

HASHED_FIRST = ("*.safetensors", "*.json", "*.jinja", "*.model", "*.npz")
NO_OTHERS = "none"


def _like(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(map(translate, patterns)), re.IGNORECASE)


# What lies in models' folders and decides nothing: texts for people, pictures, the state of a training.
_LIKE_LEFT_OUT = _like(
    ".*", "readme*", "license*", "licence*", "notice*", "copying*", "*use_policy*", "*.md", "*.pdf",
    "*.png", "*.jpg", "*.jpeg", "*.gif", "*.svg", "*.webp",
    "optimizer*.pt", "optimizer*.bin", "scheduler.pt", "scaler.pt", "rng_state*.pth", "training_args.bin",
    "events.out.tfevents.*", "*.log", "*.lock", "*.tmp", "*.pyc",
)  # fmt: skip
_LIKE_FOLDERS_LEFT_OUT = _like(".*", "checkpoint-*", "global_step*", "runs", "logs", "wandb", "__pycache__")
_LIKE_HASHED_FIRST = re.compile("|".join(map(translate, HASHED_FIRST)))


MADE_FROM_NOTE = "persona.made_from"  # in a file's footer: `Fingerprint.note`
_LONGEST_VALUE = 60  # characters; of a longer one only the hash is noted


class Fingerprint(str):
    """A hash that knows what it is of."""

    inputs: dict[str, Any]

    @property
    def note(self) -> dict[str, str]:
        """The inputs, each by its dotted key as JSON; of long ones `#` and a hash."""
        return dict(_leaves(self.inputs, ""))


def fingerprint(inputs: dict[str, Any]) -> Fingerprint:
    """16 hex digits that change whenever `inputs` (JSON) change."""
    made = Fingerprint(hashlib.sha256(_canonical(inputs).encode()).hexdigest()[:16])
    made.inputs = inputs
    return made


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def _leaves(value: Any, key: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _leaves(inner, f"{key}.{name}" if key else str(name))
        return
    said = _canonical(value)
    yield key, said if len(said) <= _LONGEST_VALUE else f"#{hashlib.sha256(said.encode()).hexdigest()[:8]}"


def directory_identity(directory: Path, noted: Callable[[str, str], str] | None = None) -> dict[str, str]:
    """Return what a fingerprint holds of a model's or SAE's files: of all but those that decide nothing.

    `files` is the hash that earlier versions took, of the files in `HASHED_FIRST`; it stands alone as long as
    the other files are those that were there when it was first seen. `noted(files, others)` tells which those
    were, and takes note of `others` where nobody has. Raises StudyError as `directory_hash` does.
    """
    files, others = directory_hash(directory), hash_of_others(directory)
    first = others if noted is None else noted(files, others)
    return {"files": files} if others == first else {"files": files, "others": others}


def directory_hash(directory: Path) -> str:
    """The hash of a model's or SAE's files in `directory`: weights, configuration, tokenizer, template.

    Raises StudyError where the directory is missing or holds none of them, or one cannot be read.
    """
    if not directory.is_dir():
        raise StudyError(f"{directory}: no such directory; check the path of the model or SAE in the study")
    files = sorted({file for pattern in HASHED_FIRST for file in directory.glob(pattern)})
    if not files:
        raise StudyError(f"{directory}: holds no weights or configuration; is it a saved model or SAE?")
    return fingerprint({file.name: _file_hash(file) for file in files})


def hash_of_others(directory: Path) -> str:
    """Return the hash of every other file that may decide something; `NO_OTHERS` where there is none."""
    found = {
        name: _file_hash(directory / name)
        for name in sorted(_names_below(directory, "", set()))
        if "/" in name or not _LIKE_HASHED_FIRST.fullmatch(name)
    }
    return fingerprint(found) if found else NO_OTHERS


def _names_below(folder: Path, prefix: str, entered: set[tuple[int, int]]) -> Iterator[str]:
    """Yield the plain files in a folder and those below it, links followed; not those that decide nothing."""
    status = folder.stat()
    if (status.st_dev, status.st_ino) in entered:  # a link to where we came from
        return
    entered.add((status.st_dev, status.st_ino))
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir():
                if not _LIKE_FOLDERS_LEFT_OUT.fullmatch(entry.name):
                    yield from _names_below(folder / entry.name, f"{prefix}{entry.name}/", entered)
            elif entry.is_file() and not _LIKE_LEFT_OUT.fullmatch(entry.name):
                yield f"{prefix}{entry.name}"


def file_identity(file: Path) -> str:
    """Return what a fingerprint holds of a file's content. Raises StudyError where it cannot be read."""
    try:
        return sha256_of(file)
    except OSError as error:
        raise StudyError(f"{file}: cannot be read ({error.strerror or error}); check the path") from error


def _file_hash(file: Path) -> str:
    try:
        status = file.stat()
        return _hash_once(str(file), status.st_size, status.st_mtime_ns)
    except OSError as error:
        reason = error.strerror or error
        raise StudyError(f"{file}: cannot be read ({reason}), so nobody knows which model it is") from error


@lru_cache(maxsize=4096)
def _hash_once(path: str, size: int, modified_ns: int) -> str:
    """Hash a file's content once a process; for large weights, once a machine."""
    if size < 64 * 2**20:
        return sha256_of(Path(path))
    note = _cache_folder() / fingerprint({"path": path, "size": size, "modified_ns": modified_ns})
    if note.exists():
        return note.read_text()
    digest = sha256_of(Path(path))
    note.parent.mkdir(parents=True, exist_ok=True)
    beside = note.with_suffix(f".{os.getpid()}")
    beside.write_text(digest)
    beside.replace(note)
    return digest


def sha256_of(file: Path) -> str:
    """Return the SHA-256 of a file's content, as 64 hexadecimal digits. Raises OSError."""
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _cache_folder() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "persona_assets" / "weights"
