"""Which answers decline: by patterns of how they open, or as a person has named those of the anchor."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

import numpy as np

from persona_assets.base.arrays import Flags
from persona_assets.base.errors import StudyError
from persona_assets.base.given import shown
from persona_assets.base.jsonl import read_records
from persona_assets.lake.schema import response_id
from persona_assets.study.study import Study

_OPENING = 200  # characters of an answer that patterns are sought in


@lru_cache
def patterns() -> list[str]:
    """Return the regular expressions of `declining.txt`, one for each way to decline."""
    lines = Path(__file__).with_name("declining.txt").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def matches(texts: Iterable[str]) -> Flags:
    """Return whether the opening of each text is one that declines, by the patterns."""
    sought = re.compile("|".join(f"(?:{one})" for one in patterns()), re.IGNORECASE)
    openings = (text.lstrip()[:_OPENING].replace("’", "'") for text in texts)
    return np.array([sought.search(opening) is not None for opening in openings], bool)


def named_declining(study: Study) -> list[int] | None:
    """Return the ids that `analysis.declining` names of the anchor, sorted; None where there is no such file.

    Answers of other roles are passed over. Raises StudyError, naming the line, where the anchor is not asked
    for such an answer.
    """
    analysis, owner = study.settings.analysis, study.responses_owner
    if analysis.declining is None:
        return None
    asked = {
        response_id(variant, question.id)
        for question in owner.questions(owner.role(analysis.anchor))
        for variant in study.generation.prompt_indices
    }
    found = set()
    for record in read_records(study.path(analysis.declining)):
        role, number = record.text("role"), record.number("response_id")
        if role == analysis.anchor and number not in asked:
            raise StudyError(f"{record.where}: {shown(role)} is asked for no response {number}")
        if role == analysis.anchor:
            found.add(number)
    return sorted(found)
