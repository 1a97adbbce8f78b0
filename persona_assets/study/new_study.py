"""`persona new` and `dg scaffold defs`: a study's file, written from another study or from a template."""

from __future__ import annotations

from pathlib import Path

from persona_assets.base.atomic import placed
from persona_assets.base.errors import StudyError
from persona_assets.base.given import read_text, shown
from persona_assets.base.project import project, studies_folder
from persona_assets.base.shipped import SHIPPED
from persona_assets.study.new_project import READY, below
from persona_assets.study.settings import NAME, NAMED_BY
from persona_assets.study.study import study_names

_TEMPLATES = Path(__file__).with_name("templates")
FIRST = "smollm2"  # what is written where nothing is named: it needs no hub
TEMPLATES = sorted({*READY, *(file.stem for file in _TEMPLATES.glob("*.yaml"))})


def new_study(name: str, source: str) -> Path:
    """Write the file of a new study of the project, begun from `source`, and return where it lies.

    Raises StudyError where the name cannot be a study's or is taken, and where there is no such source.
    """
    file = studies_folder(project()) / check_name(name) / "defs.yaml"
    if file.exists():
        raise StudyError(f"{file}: is there already, and nothing is overwritten; name another study")
    text = source_text(source)
    with placed(file) as beside:
        beside.write_text(text, encoding="utf-8")
    bring_data(source)
    return file


def bring_data(source: str) -> None:
    """Write what `source` brings along below the project's `data/`, such as roles; what is there stays."""
    place = SHIPPED / "data" / source
    for file in below(place) if place.is_dir() else []:
        target = project() / file.relative_to(SHIPPED)
        if not target.exists():
            with placed(target) as beside:
                beside.write_bytes(file.read_bytes())


def check_name(name: str) -> str:
    """Return the name. Raises StudyError where it cannot be a study's."""
    if not NAME.fullmatch(name):
        raise StudyError(f"{shown(name)} is no name of a study; use {NAMED_BY}")
    return name


def source_text(source: str) -> str:
    """Return the text of a study of the project or of this package, or of a template.

    Raises StudyError, with the list, where there is none of that name.
    """
    files = _sources()
    if source not in files:
        raise StudyError(f"no study or template {shown(source)} to begin from; there are: {', '.join(files)}")
    return read_text(files[source])


def _sources() -> dict[str, Path]:
    """Where each source lies, by name; a study of the project stands for what is shipped under its name."""
    shipped = {file.stem: file for file in _TEMPLATES.glob("*.yaml")}
    shipped |= {file.parent.name: file for file in (SHIPPED / "persona_assets/defs").glob("*/defs.yaml")}
    own = {name: studies_folder(project()) / name / "defs.yaml" for name in study_names()}
    return dict(sorted((shipped | own).items()))
