"""Fingerprints: short hashes of everything that decides a file's content, and of nothing else."""

from __future__ import annotations

import hashlib
import json
import os
from functools import lru_cache
from pathlib import Path
from typing import Any

from persona_assets.errors import StudyError

WEIGHTS_AND_TOKENIZER = ("*.safetensors", "*.json", "*.jinja", "*.model", "*.npz")


def fingerprint(inputs: dict[str, Any]) -> str:
    """16 hex digits that change whenever `inputs` (JSON) change."""
    canonical = json.dumps(inputs, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()[:16]


def directory_hash(directory: Path) -> str:
    """The hash of a model's or SAE's files in `directory`: weights, configuration, tokenizer, template.

    Raises StudyError where the directory is missing or holds none of them.
    """
    if not directory.is_dir():
        raise StudyError(f"{directory}: no such directory; check the path of the model or SAE in the study")
    files = sorted({file for pattern in WEIGHTS_AND_TOKENIZER for file in directory.glob(pattern)})
    if not files:
        raise StudyError(f"{directory}: holds no weights or configuration; is it a saved model or SAE?")
    return fingerprint({file.name: _file_hash(file) for file in files})


def _file_hash(file: Path) -> str:
    status = file.stat()
    return _hash_once(str(file), status.st_size, status.st_mtime_ns)


@lru_cache(maxsize=4096)
def _hash_once(path: str, size: int, modified_ns: int) -> str:
    """Hash a file's content once a process; for large weights, once a machine."""
    if size < 64 * 2**20:
        return _sha256(path)
    note = _cache_folder() / fingerprint({"path": path, "size": size, "modified_ns": modified_ns})
    if note.exists():
        return note.read_text()
    digest = _sha256(path)
    note.parent.mkdir(parents=True, exist_ok=True)
    beside = note.with_suffix(f".{os.getpid()}")
    beside.write_text(digest)
    beside.replace(note)
    return digest


def _sha256(path: str) -> str:
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _cache_folder() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "persona_assets" / "weights"
