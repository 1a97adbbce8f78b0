"""What `persona list` shows: the project's studies."""

from __future__ import annotations

import time
from pathlib import Path

from persona_assets.base.errors import StudyError
from persona_assets.base.given import one_line
from persona_assets.base.project import project
from persona_assets.cli.answers import print_rows
from persona_assets.cli.units import ago
from persona_assets.stages.of_roles import look_at_roles
from persona_assets.stages.table import PER_ROLE
from persona_assets.study.study import Study, load_study, study_names
from persona_assets.warehouse import warehouse_path

_HEADER = ("study", "model", "saes", "roles", "complete", "published", "problem")
_LONGEST = 200  # of what is told of a study that cannot be read

Row = list[str | int | None]


def print_studies(output: str) -> None:
    """Print one row per study of the project; of one that cannot be read, why."""
    names = study_names()
    if not names and output == "table":
        print(f"{project()}: has no studies; begin one: persona new STUDY")
        return
    rows = [_row(name) for name in names]
    shown = [place for place in range(len(_HEADER)) if any(row[place] is not None for row in rows)]
    print_rows([_HEADER[place] for place in shown], [[row[place] for place in shown] for row in rows], output)


def _row(name: str) -> Row:
    try:
        study = load_study(name)
    except StudyError as error:
        return [name, None, None, None, None, None, _told(error)]
    extraction = study.settings.extraction
    known = [name, Path(extraction.model).name, ", ".join(extraction.saes)]
    try:
        return [*known, len(study.role_names), _n_complete(study), _published(study), None]
    except StudyError as error:
        return [*known, None, None, _published(study), _told(error)]


def _n_complete(study: Study) -> int:
    """Return how many roles have every file fresh."""
    wanted = [stage for stage in PER_ROLE if stage.wanted(study.settings)]
    return sum(
        all(files.has(stage, sae) for stage in wanted for sae in files.saes_of(stage))
        for files in look_at_roles(study).values()
    )


def _told(error: StudyError) -> str:
    return one_line(str(error).replace(f"{project()}/", ""), _LONGEST)


def _published(study: Study) -> str | None:
    path = warehouse_path(study)
    return ago(path.stat().st_mtime, time.time()) if path.is_file() else None
