"""The component behind a study's `defs.yaml`."""

from __future__ import annotations

from typing import Self

import dagster as dg
from pydantic import BaseModel

from persona_assets.base.errors import StudyError
from persona_assets.base.project import work_on
from persona_assets.components.broken import broken_definitions, validating
from persona_assets.components.scaffold import StudyScaffolder
from persona_assets.orchestration.definitions import study_definitions
from persona_assets.orchestration.marts import check_marts
from persona_assets.study.settings import StudySettings
from persona_assets.study.study import Study, load_study


@dg.scaffold_with(StudyScaffolder)
class PersonaStudy(dg.Component):
    """One study: roles × variants × questions, a generator, and an extraction model with its SAEs."""

    def __init__(self, study: Study) -> None:
        self.study = study

    @classmethod
    def get_model_cls(cls) -> type[BaseModel]:
        """Return the schema of `attributes`: unknown keys are refused."""
        return StudySettings

    @classmethod
    def load(cls, attributes: BaseModel | None, context: dg.ComponentLoadContext) -> Self:
        """Return the study in the folder that Dagster is loading. Raises StudyError where it is not right."""
        work_on(context.project_root)
        return cls(load_study(context.path))

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """Return the study's assets, checks and automation, or the line that says why there are none.

        A data set, which is only read, has none.
        """
        if self.study.dataset is not None:
            return dg.Definitions()
        try:
            if validating():
                check_marts(self.study)
            return study_definitions(self.study)
        except StudyError as error:
            if validating():
                raise
            return broken_definitions(self.study.name, str(error))
