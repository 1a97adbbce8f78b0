"""`persona drift`: conversations scored, landed, published, and exported."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from persona_assets.base.counts import counted
from persona_assets.base.errors import StudyError
from persona_assets.base.given import is_folder
from persona_assets.cli.answers import print_if_any, print_rows
from persona_assets.cli.bar import bar
from persona_assets.drift.script import Script
from persona_assets.drift.source import Source, read_source, source_files
from persona_assets.drift.transcript import Transcript
from persona_assets.lake.schema import DRIFT_RUNS
from persona_assets.study.study import Study
from persona_assets.warehouse import connect, publish

_HEADER = ("run", "name", "turns", "largest_drop", "at_turn", "below_band", "p", "confounds")


def follow(
    study: Study, files: Sequence[Path], overwrite: bool, export: Path | None, output: str, wide: bool = False
) -> None:
    """Score the conversations in `files`, by default those of the study's directory, and print their runs.

    Of a folder it is all of its `.json` files. What cannot be scored is named before anything is: no model
    is loaded for a mistake.
    """
    sources = named_sources(files) if files else _of_directory(study)
    from persona_assets.drift.axis import AXES_PART
    from persona_assets.drift.stage import DriftStage  # loads torch, which a mistake need not wait for
    from persona_assets.extract.stage import ExtractionStage

    stage = DriftStage(ExtractionStage(study))
    stage.check([source for source in sources if isinstance(source, Transcript)])
    if abs(stage.reference.axis_cosine) < AXES_PART:
        print(
            f"the difference from the other roles and their first principal component part (cosine "
            f"{stage.reference.axis_cosine:.2f}): look at drift.axis: difference and pca, both",
            file=sys.stderr,
        )
    conversations, before = answered(study, sources), study.lake.files(DRIFT_RUNS)
    landed = []
    with bar("following conversations") as progress:
        for done, conversation in enumerate(conversations, start=1):
            landed.append(stage.land(conversation, overwrite=overwrite)[DRIFT_RUNS.name])
            progress(done, len(conversations))
    print_if_any(publish(study).lost, sys.stderr)
    if set(landed) <= set(before):
        print("already measured, and published; --overwrite measures again", file=sys.stderr)
    wanted = {conversation.run for conversation in conversations}
    _print(study, wanted, output, wide)
    if export is not None:
        _export(study, wanted, export)


def named_sources(places: Sequence[Path]) -> list[Source]:
    """Return the sources in files and folders, each once. Raises StudyError where one is none."""
    every = [source for place in places for source in _named(place)]
    known_by = (source.run if isinstance(source, Transcript) else source.key for source in every)
    return list(dict(zip(known_by, every, strict=True)).values())


def _named(place: Path) -> list[Source]:
    """Return the source in a file, or those in a folder. Raises StudyError where one is none."""
    if not is_folder(place):
        return [read_source(place)]
    found = [read_source(file) for file in source_files(place)]
    if not found:
        raise StudyError(f"{place}: holds no conversations (*.json); name a file or another folder")
    return found


def _of_directory(study: Study) -> list[Source]:
    found = [read_source(file) for file in source_files(study.path(study.settings.drift.directory))]
    if not found:
        folder = study.path(study.settings.drift.directory)
        raise StudyError(
            f"{folder}: holds no conversations (drift.directory); name a file: persona drift STUDY FILE"
        )
    return found


def answered(study: Study, sources: Sequence[Source]) -> list[Transcript]:
    """Return the conversations; scripts answered, the model that does so loaded and let go."""
    if not any(isinstance(source, Script) for source in sources):
        return [source for source in sources if isinstance(source, Transcript)]
    from persona_assets.drift.script import converse
    from persona_assets.generate.stage import GenerationStage

    stage = GenerationStage(study.responses_owner)
    try:
        with bar("answering turns") as progress:
            return [
                converse(source, stage.backend, stage.settings, progress)
                if isinstance(source, Script)
                else source
                for source in sources
            ]
    finally:
        stage.close()


def _print(study: Study, wanted: set[str], output: str, wide: bool) -> None:
    from persona_assets.drift.confounds import CALLED
    from persona_assets.drift.view import runs_view

    with connect(study) as connection:
        runs = [run for run in runs_view(connection)["runs"] if run["run"] in wanted]
    rows = []
    for run in runs:
        drop = run["largest_drop"] or {"turn": None, "change": None}
        below = f"{run['n_below_band']} of {run['n_turns']}"
        moved = (run["n_turns"], drop["change"], drop["turn"], below, run["p"], CALLED.get(run["verdict"]))
        rows.append((run["run"], run["name"], *moved))
    print_rows(_HEADER, rows, output, wide=wide)
    for run in runs:
        print_if_any(told_as_least(run), sys.stderr)


def told_as_least(run: dict[str, Any]) -> str | None:
    """Say of a run whose p is the smallest that so few answers can show; None of another one."""
    if run["least_of"] is None:
        return None
    beside = f"{counted(run['n_turns'], 'turn')} and {counted(run['least_of'], 'answer')} of {run['anchor']}"
    return f"{run['name']}: {run['p']:.4g} is the smallest p that {beside} can show"


def _export(study: Study, wanted: set[str], directory: Path) -> None:
    from persona_assets.drift.export import export_runs

    with connect(study) as connection:
        folders = export_runs(connection, directory, wanted)
    print(f"{counted(len(folders), 'run')} in {directory}")
