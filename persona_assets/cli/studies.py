"""What `persona list` shows: the project's studies."""

from __future__ import annotations

import time
from datetime import UTC, datetime
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

Cell = str | int | datetime | None
Row = list[Cell]


def print_studies(output: str) -> None:
    """Print one row per study of the project; of one that cannot be read, why.

    For people empty columns are left out, and ages stand for moments, which programs read as ISO 8601 (UTC).
    """
    names = study_names()
    if not names and output == "table":
        print(f"{project()}: has no studies; begin one: persona new STUDY")
        return
    rows = [_row(name) for name in names]
    if output != "table":
        print_rows(_HEADER, [[_plain(value) for value in row] for row in rows], output)
        return
    shown = [place for place in range(len(_HEADER)) if any(row[place] is not None for row in rows)]
    told = [[_in_words(row[place]) for place in shown] for row in rows]
    print_rows([_HEADER[place] for place in shown], told, output)


def _row(name: str) -> Row:
    try:
        study = load_study(name)
    except StudyError as error:
        return [name, None, None, None, None, None, _told(error)]
    extraction = study.settings.extraction
    row: Row = [name, Path(extraction.model).name, ", ".join(extraction.saes), None, None, None, None]
    problems = []
    for place, found in ((3, _n_roles), (4, _n_complete), (5, _published)):
        try:
            row[place] = found(study)
        except StudyError as error:
            problems.append(_told(error))
    row[-1] = "; ".join(dict.fromkeys(problems)) or None
    return row


def _in_words(value: Cell) -> str | int | None:
    return ago(value.timestamp(), time.time()) if isinstance(value, datetime) else value


def _plain(value: Cell) -> str | int | None:
    return value.isoformat(timespec="seconds") if isinstance(value, datetime) else value


def _n_roles(study: Study) -> int:
    return len(study.role_names)


def _n_complete(study: Study) -> int:
    """Return how many roles have every file fresh."""
    wanted = [stage for stage in PER_ROLE if stage.wanted(study.settings)]
    return sum(
        all(files.has(stage, sae) for stage in wanted for sae in files.saes_of(stage))
        for files in look_at_roles(study).values()
    )


def _told(error: StudyError) -> str:
    return one_line(str(error).replace(f"{project()}/", ""), _LONGEST)


def _published(study: Study) -> datetime | None:
    path = warehouse_path(study)
    return datetime.fromtimestamp(path.stat().st_mtime, UTC) if path.is_file() else None
