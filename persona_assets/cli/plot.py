"""`persona plot`: a picture of what the warehouse holds, as PNG or SVG."""

from __future__ import annotations

from pathlib import Path

from persona_assets.base.atomic import placed
from persona_assets.base.errors import StudyError
from persona_assets.base.given import is_folder
from persona_assets.cli.arguments import check_feature, check_role
from persona_assets.labels.table import feature_number
from persona_assets.plots.canvas import ENDINGS, Ending, rendered
from persona_assets.plots.picture import picture
from persona_assets.study.study import Study
from persona_assets.warehouse import connect


def plot(study: Study, subject: str, name: str | None, sae: str | None, to: Path | None) -> Path:
    """Draw `subject` (similarity, axes, atlas, or the feature, role or doses of `name`); return the file.

    It is `to`, by default STUDY-SUBJECT.png in the current directory. `sae` is the study's first unless
    named. Raises StudyError, and leaves no file behind, where there is no such thing to draw or the file
    cannot be written.
    """
    _check(study, subject, name, sae)
    file = to or Path("-".join(word for word in (study.name, sae, subject, name) if word) + ".png")
    ending = _ending(file)
    if not is_folder(file.parent):
        raise StudyError(f"{file.parent}: no such folder; make it, or name another with --to")
    with connect(study) as connection:
        figure = picture(study, connection, subject, name, sae)
    with placed(file) as beside:
        beside.write_bytes(rendered(figure, ending))
    return file


def _ending(file: Path) -> Ending:
    for ending in ENDINGS:
        if file.suffix.lower() == f".{ending}":
            return ending
    raise StudyError(f"{file}: a picture's name ends in {' or '.join(f'.{ending}' for ending in ENDINGS)}")


def _check(study: Study, subject: str, name: str | None, sae: str | None) -> None:
    saes = study.settings.extraction.saes
    if sae is not None and sae not in saes:
        raise StudyError(f"{study.name} has no SAE {sae!r}; its SAEs: {', '.join(saes)}")
    if subject not in ("feature", "role", "doses"):
        if name is not None:
            raise StudyError(f"`persona plot {study.name} {subject}` takes no name; leave {name!r} out")
    elif name is None:
        what = {"doses": "intervention"}.get(subject, subject)
        raise StudyError(f"which {what}? name one: persona plot {study.name} {subject} {what.upper()}")
    elif subject == "role":
        check_role(study, name)
    elif subject == "feature":
        check_feature(study, feature_number(name, "persona plot"), sae)
