"""Drift runs: conversations scored turn by turn against the assistant axis."""

from __future__ import annotations

from typing import Any

from persona_assets.drift.beside_plain import NOTHING_PLAIN, BesidePlain
from persona_assets.drift.folder import folder_run, folder_runs
from persona_assets.drift.folder_view import OwnSae
from persona_assets.drift.view import run_view, runs_view
from persona_assets.explorer.problems import not_found
from persona_assets.explorer.resources.source import Source
from persona_assets.explorer.snapshot.asking import Json
from persona_assets.explorer.snapshot.numbers import rounded


def drift(source: Source) -> Any:
    """`drift.json`: the runs by name."""
    return rounded(_runs(source))


def drift_run(source: Source, run: str) -> Json:
    """`drift/run/{run}.json`. Raises the problem 404 where there is no such run."""
    exported = source.exported
    if exported is None:
        found = run_view(source.connection, run, _beside_plain(source))
    else:
        found = folder_run(exported, run, _own_saes(source))
    if found is None:
        raise not_found(f"no drift run {run!r} here")
    return dict(rounded(found | {"model": source.told(found["model"])}))


def runs(source: Source) -> list[str]:
    """Return the ids of the runs."""
    found = source.rows("drift_runs") if source.exported is None else _runs(source)["runs"]
    return [entry["run"] for entry in found]


def _runs(source: Source) -> Json:
    if source.exported is not None:
        return folder_runs(source.exported, _own_saes(source))
    found = runs_view(source.connection, _beside_plain(source))
    return found | {"runs": [run | {"model": source.told(run["model"])} for run in found["runs"]]}


def _beside_plain(source: Source) -> BesidePlain:
    """Return every run beside the study's plain conversations, asked once per snapshot."""
    names = source.study.settings.drift.plain
    if names is None or not source.known("drift_plain_runs", plain=names):
        return NOTHING_PLAIN
    return BesidePlain(names, source.known("drift_plain", plain=names))


def _own_saes(source: Source) -> list[OwnSae]:
    return [OwnSae(**row) for row in source.rows("own_saes")]
