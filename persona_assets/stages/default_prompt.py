"""The system prompt that a model's chat template inserts by itself, where a study sends none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from persona_assets.base.errors import StudyError
from persona_assets.lake.fingerprint import fingerprint
from persona_assets.models.chat import ChatFormat
from persona_assets.models.loading import identity
from persona_assets.study.study import Study

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


def default_system_prompt(study: Study, tokenizer: PreTrainedTokenizerBase | None = None) -> str | None:
    """Return what the template inserts where no system message is given; None where it inserts nothing.

    It is found out with the `tokenizer`, and noted in the lake with what lands next. Without one it is what
    has been noted, None where nobody has.
    """
    owner, generation, template = study.responses_owner, study.generation, study.template

    def find_out() -> str:
        if tokenizer is None:
            raise StudyError(f"{study.name}: nobody has rendered a prompt without a system message yet")
        return ChatFormat(tokenizer, template).default_system_prompt or ""

    try:
        made_from = {
            "model": identity(generation.model, generation.revision, owner.lake),
            "date": str(template.date),
            **template.decisive(),
        }
        return owner.lake.notes.found_out(f"default_system_prompt-{fingerprint(made_from)}", find_out) or None
    except StudyError:
        return None
