"""`runs_manifest.json`, as this project and other tools write it: the runs of a folder, and their files."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from persona_assets.base.errors import StudyError
from persona_assets.base.given import is_file, one_line, read_json, shown
from persona_assets.drift.transcript import SEE
from persona_assets.lake.fingerprint import fingerprint

MANIFEST = "runs_manifest.json"

_RUN = re.compile(r"[A-Za-z0-9_.-]{1,100}")
_LONGEST_NAME = 200  # characters
_DEEPEST = 8  # folders of a site above the one of its runs
_SENSITIVE_NAMES = {"self-harm", "self harm"}  # what other tools' viewers mark without any flag


@dataclass(frozen=True)
class ListedRun:
    """A run as the manifest names it. `run` stands in paths: it is the manifest's own id wherever it can.

    `conversation` and `summary` are None where the manifest names none; so is `bundle`, and then there is
    nothing to show.
    """

    run: str
    name: str
    sensitive: bool
    bundle: str | None
    conversation: str | None
    summary: str | None


@dataclass(frozen=True)
class Manifest:
    """The runs, in the file's order, and the one that its makers want shown first."""

    runs: list[ListedRun]
    default_run: str | None


def read_manifest(directory: Path) -> Manifest:
    """Return the manifest of `directory`: an object with `runs`, or the list alone.

    Raises StudyError where it cannot be read, or lists no runs.
    """
    file = directory / MANIFEST
    content = read_json(file, SEE)
    fields = content if isinstance(content, dict) else {"runs": content}
    listed = fields.get("runs")
    if not isinstance(listed, list):
        raise StudyError(f"{file}: runs must be a list, not {shown(listed)}; {SEE}")
    ids = [_given_id(entry, place) for place, entry in enumerate(listed)]
    runs: list[ListedRun] = []
    taken: dict[str, str] = {}
    for place, (entry, given) in enumerate(zip(listed, ids, strict=True)):
        run = _usable(given, place, taken)
        taken[run] = given
        runs.append(_listed(entry if isinstance(entry, dict) else {}, run))
    wanted = _text(fields, "default_run_id", "defaultRunId")
    return Manifest(runs, next((run for run, given in taken.items() if given == wanted), None))


def located(directory: Path, url: str) -> Path:
    """Return the file that a manifest's url means, below `directory` or below the site it was made for.

    Raises StudyError where it leads out of `directory`, or no file is there.
    """
    root, parts = directory.resolve(), url.strip().lstrip("/").split("/")
    # `/persona-drift/runs/…`: on its own site the folder does not lie at the root
    for start in range(min(len(parts), _DEEPEST)):
        file = _below(root, "/".join(parts[start:]), directory, url)
        if is_file(file):
            return file
    raise StudyError(f"{directory / MANIFEST}: there is no file {shown(url)} in the folder; get it too")


def _below(root: Path, path: str, directory: Path, url: str) -> Path:
    try:
        file = (root / path.lstrip("/")).resolve()
        is_below = file.is_relative_to(root)
    except (OSError, RuntimeError, ValueError) as error:  # too long, links in a circle, a NUL
        raise StudyError(f"{directory / MANIFEST}: {shown(url)} is no path; correct it") from error
    if not is_below:
        raise StudyError(f"{directory / MANIFEST}: {shown(url)} leads out of the folder; correct it")
    return file


def _given_id(entry: Any, place: int) -> str:
    fields = entry if isinstance(entry, dict) else {}
    return _text(fields, "id", "run_id", "runId") or f"run-{place}"


def _usable(given: str, place: int, taken: Mapping[str, str]) -> str:
    """Return an id that can stand in a path and is not `taken`: `given` itself, if it can."""
    plain = _RUN.fullmatch(given) and given.strip(".")
    run = given if plain else f"run-{fingerprint({'id': given})[:10]}"
    return run if run not in taken else f"{run[:80]}-{place}"


def _listed(fields: Mapping[str, Any], run: str) -> ListedRun:
    name = _text(fields, "conversation_name", "conversationName", "label", "run_name", "runName") or run
    flags = (fields.get(key) for key in ("sensitive", "is_sensitive", "isSensitive"))
    return ListedRun(
        run,
        one_line(name, _LONGEST_NAME),
        any(flag is True for flag in flags) or name.strip().lower() in _SENSITIVE_NAMES,
        _text(fields, "ui_bundle_url", "uiBundleUrl"),
        _text(fields, "conversation_url", "conversationUrl"),
        _text(fields, "summary_url", "summaryUrl"),
    )


def _text(fields: Mapping[str, Any], *keys: str) -> str | None:
    """Return the first text that one of the keys has."""
    found = (fields.get(key) for key in keys)
    return next((value for value in found if isinstance(value, str) and value.strip()), None)
