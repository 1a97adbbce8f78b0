"""`dg scaffold defs persona_assets.components.PersonaStudy NAME`: a first study that loads."""

from __future__ import annotations

import dagster as dg
from pydantic import BaseModel, Field

from persona_assets.study.new_study import FIRST, bring_data, check_name, source_text


class ScaffoldParams(BaseModel):
    """What `dg scaffold` may be told."""

    source: str = Field(default=FIRST, description="a study of the project, or a template of `persona new`")


class StudyScaffolder(dg.Scaffolder[ScaffoldParams]):
    """Writes what `persona new` writes."""

    @classmethod
    def get_scaffold_params(cls) -> type[ScaffoldParams]:
        """Return what may be told."""
        return ScaffoldParams

    def scaffold(self, request: dg.ScaffoldRequest[ScaffoldParams]) -> None:
        """Write `defs.yaml` into the new folder. Raises StudyError where name or source cannot be."""
        check_name(request.target_path.name)
        text = source_text(request.params.source)
        (request.target_path / "defs.yaml").write_text(text, encoding="utf-8")
        bring_data(request.params.source)
