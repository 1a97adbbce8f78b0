"""What a study says of how conversations are rendered: the day, arguments, a template of its own."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from persona_assets.base.given import read_text
from persona_assets.base.project import in_project
from persona_assets.study.settings import GenerationSettings


@dataclass(frozen=True)
class Template:
    """`date` is the day that a template is told; `text` stands in place of the model's own template."""

    date: dt.date | None = None
    arguments: Mapping[str, Any] = field(default_factory=dict)
    text: str | None = None

    @classmethod
    def of(cls, generation: GenerationSettings) -> Template:
        """Return what the study's settings say. Raises StudyError where its template cannot be read."""
        said = generation.chat_template
        text = None if said.file is None else read_text(in_project(said.file))
        return cls(generation.template_date, said.arguments, text)

    def decisive(self) -> dict[str, Any]:
        """Return what fingerprints hold of it besides the date: nothing where nothing is said."""
        said: dict[str, Any] = {"arguments": dict(self.arguments)} if self.arguments else {}
        if self.text is not None:
            said["text"] = self.text
        return {"chat_template": said} if said else {}


AS_THE_MODEL_HAS_IT = Template()
