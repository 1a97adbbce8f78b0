"""Every file of a study's lake, and which of them are fresh under its settings of today."""

from __future__ import annotations

from persona_assets.lake.look import Look
from persona_assets.lake.schema import EVERY_TABLE
from persona_assets.stages.files import StudyFiles
from persona_assets.stages.stage import Held
from persona_assets.study.study import Study

__all__ = ["Held", "everything", "fresh_files"]


def everything(study: Study, look: Look | None = None) -> list[Held]:
    """Every whole file in the study's folder of the lake, fresh or not; what no table owns is not listed."""
    look = look or Look()
    return [Held(table, file) for table in EVERY_TABLE.values() for file in look.all(study.lake, table)]


def fresh_files(study: Study) -> list[Held]:
    """Return the files that the study's settings of today call for, as far as they are there.

    Responses read from another study (`responses_from`) are among them. Raises StudyError where the study's
    roles, questions, model or SAE cannot be read: then nobody can say what is fresh.
    """
    return StudyFiles.of(study).fresh()
