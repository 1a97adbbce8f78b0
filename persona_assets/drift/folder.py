"""Folders of exported runs, ours or another tool's: `DriftRuns` and `DriftRun` of the explorer's contract.

The files are untrusted: nothing outside their folder is read, and what is missing or of another form is
named. A run that cannot be read hides only itself.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from persona_assets.base.errors import StudyError
from persona_assets.base.given import one_line, read_json
from persona_assets.drift.bundle import Summary, UiBundle
from persona_assets.drift.folder_view import FolderRun, OwnSae, entry_view, run_view
from persona_assets.drift.manifest import MANIFEST, ListedRun, located, read_manifest
from persona_assets.drift.transcript import SEE, read_shown
from persona_assets.drift.view import Json

_Model = TypeVar("_Model", bound=BaseModel)


def folder_runs(directory: Path, own: Collection[OwnSae] = ()) -> Json:
    """Return `data/drift.json` of a folder: its runs by name, and why others cannot be shown.

    `own` are the SAEs of the study beside which they are shown. Raises StudyError where the manifest, or
    every run, cannot be read.
    """
    manifest = read_manifest(directory)
    entries, unreadable = [], []
    for listed in manifest.runs:
        try:
            entries.append(entry_view(_read_run(directory, listed), own))
        except StudyError as error:
            reason = str(error).replace(f"{directory}/", "")  # where the folder lies is nobody's business
            unreadable.append({"run": listed.run, "name": listed.name, "reason": reason})
            first = error
    if unreadable and not entries:
        raise first
    entries.sort(key=lambda entry: (entry["name"], entry["run"]))
    return {"runs": entries, "default_run": manifest.default_run, "unreadable": unreadable}


def folder_run(directory: Path, run: str, own: Collection[OwnSae] = ()) -> Json | None:
    """Return `data/drift/{run}.json` of a folder; None where its manifest has no such run.

    Raises StudyError, naming the file, where it cannot be read.
    """
    found = [listed for listed in read_manifest(directory).runs if listed.run == run]
    return run_view(_read_run(directory, found[0]), own) if found else None


def _read_run(directory: Path, listed: ListedRun) -> FolderRun:
    if listed.bundle is None:
        raise StudyError(f"{directory / MANIFEST}: run {listed.run} has no ui_bundle_url; {SEE}")
    return FolderRun(
        listed,
        _parsed(UiBundle, located(directory, listed.bundle)),
        Summary() if listed.summary is None else _parsed(Summary, located(directory, listed.summary)),
        None if listed.conversation is None else read_shown(located(directory, listed.conversation)),
    )


def _parsed(model: type[_Model], file: Path) -> _Model:
    try:
        return model.model_validate(read_json(file, SEE))
    except ValidationError as error:
        problem = error.errors()[0]
        place = ".".join(one_line(str(part), 60) for part in problem["loc"]) or "its content"
        raise StudyError(f"{file}: {place}: {problem['msg']}; {SEE}") from error
