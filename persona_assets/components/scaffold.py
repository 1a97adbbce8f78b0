"""`dg scaffold defs persona_assets.components.PersonaStudy NAME`: a first study that loads."""

from __future__ import annotations

import dagster as dg

from persona_assets.base.errors import StudyError
from persona_assets.study.settings import NAME
from persona_assets.study.study import COMPONENT

_FIRST_STUDY = """\
# A study: its folder's name is its name. Every key: docs/study.md. Paths start at the project's folder.
type: {component}
attributes:
  roles: {{directory: data/roles/instructions, include: all}} # or a list of names
  questions: {{mode: general, file: data/extraction_questions.jsonl, limit: 18}} # no limit: all questions
  generation: {{backend: transformers, model: data/demo/model, model_name: Toy, dtype: float32}}
  extraction:
    model: data/demo/model # what reads the answers
    dtype: float32
    saes: # one or more, by names of yours: a directory, or release and id of SAELens
      demo: {{path: data/demo/sae}}
"""


class StudyScaffolder(dg.Scaffolder):
    """Writes the smallest study, on the demo's model and SAE, for a user to change."""

    def scaffold(self, request: dg.ScaffoldRequest) -> None:
        """Write `defs.yaml` into the new folder. Raises StudyError where its name cannot be a study's."""
        name = request.target_path.name
        if not NAME.fullmatch(name):
            raise StudyError(f"{name!r} is no name of a study; use a-z, 0-9, '_' and '-' only")
        text = _FIRST_STUDY.format(component=COMPONENT)
        (request.target_path / "defs.yaml").write_text(text, encoding="utf-8")
