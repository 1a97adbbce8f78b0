"""What a study's judges are asked of a role, and the scores that a person wrote down."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

from persona_assets.base.errors import StudyError
from persona_assets.base.given import shown
from persona_assets.base.jsonl import read_records
from persona_assets.study.settings.judge import PLACES
from persona_assets.study.study import Study

_Scores = dict[int, int | None]  # by response_id


def judging_prompt(study: Study, judge: str, role: str) -> str | None:
    """Return what the judge is asked of the role, `{question}` and `{answer}` still to be filled in.

    None where neither the judge nor the role's file says it, as of an anchor that plays nothing.
    """
    prompt = study.settings.judge[judge].prompt or study.responses_owner.role(role).eval_prompt
    return prompt.replace("{role}", role) if prompt else None


def filled(prompt: str, question: str, answer: str) -> str:
    """Return the prompt about one answer; what stands in braces within the two texts stays as it is."""
    texts = dict(zip(PLACES, (question, answer), strict=True))
    return re.sub("|".join(map(re.escape, PLACES)), lambda found: texts[found[0]], prompt)


def scores_of(study: Study, judge: str, role: str) -> _Scores:
    """Return the role's scores in a judge's file, by response_id; None for one that was left open.

    Raises StudyError, naming the line, for one that is not on the scale, or is given twice.
    """
    settings = study.settings.judge[judge]
    assert settings.file is not None
    file = study.path(settings.file)
    changed = file.stat().st_mtime_ns if file.is_file() else 0
    return _read(file, frozenset(settings.scale), changed).get(role, {})


@lru_cache(maxsize=16)
def _read(file: Path, scale: frozenset[int], _: int) -> dict[str, _Scores]:
    found: dict[str, _Scores] = {}
    for record in read_records(file):
        role, response_id = record.text("role"), record.number("response_id")
        score = None if record.content.get("score") is None else record.number("score")
        if score is not None and score not in scale:
            raise StudyError(f"{record.where}: score {score} is not on the scale {sorted(scale)}")
        if response_id in found.setdefault(role, {}):
            raise StudyError(f"{record.where}: response {response_id} of {shown(role)} has a score already")
        found[role][response_id] = score
    return found
