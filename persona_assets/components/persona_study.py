"""The component behind a study's `defs.yaml`."""

from __future__ import annotations

from typing import Self

import dagster as dg
from pydantic import BaseModel

from persona_assets.components.definitions import study_definitions
from persona_assets.settings import StudySettings
from persona_assets.study import Study


class PersonaStudy(dg.Component):
    """One study: roles × variants × questions, a generator, and an extraction model with its SAEs."""

    def __init__(self, study: Study) -> None:
        self.study = study

    @classmethod
    def get_model_cls(cls) -> type[BaseModel]:
        """The schema of `attributes`: unknown keys are refused."""
        return StudySettings

    @classmethod
    def load(cls, attributes: BaseModel | None, context: dg.ComponentLoadContext) -> Self:
        """The study in the folder that Dagster is loading."""
        assert isinstance(attributes, StudySettings)
        return cls(Study(context.path.name, attributes, context.path / "defs.yaml"))

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """The study's assets, checks and automation."""
        return study_definitions(self.study)
