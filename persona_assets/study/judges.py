"""What a study's judges are asked of a role, and the scores that a person wrote down."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

from persona_assets.base.errors import StudyError
from persona_assets.base.given import read_json, shown
from persona_assets.base.jsonl import read_records
from persona_assets.lake.schema import response_id
from persona_assets.study.settings.judge import PLACES
from persona_assets.study.study import Study

# assistant-axis calls a role's instructions pos, or default those of none; its neg are no role's here.
_LABELLED = re.compile(r"(pos|default)_p(?P<variant>\d{1,6})_q(?P<place>\d{1,6})", re.ASCII)

_Scores = dict[int, int | None]  # by response_id


def judging_prompt(study: Study, judge: str, role: str) -> str | None:
    """Return what the judge is asked of the role, `{question}` and `{answer}` still to be filled in.

    None where neither the judge nor the role's file says it, as of an anchor that plays nothing.
    """
    prompt = study.settings.judge[judge].prompt or study.responses_owner.role(role).eval_prompt
    return prompt.replace("{role}", role) if prompt else None


def judge_asked(study: Study) -> str | None:
    """Return the judge that is asked about answers under edits; None where each is a person's file of scores.

    It is `analysis.judge`, or the first one, of those that are models.
    """
    settings = study.settings
    names = [settings.analysis.judge, *settings.judge]
    return next((name for name in names if name is not None and settings.judge[name].file is None), None)


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
    if file.is_dir():
        return _of_assistant_axis(study, role, file / f"{role}.json", settings.scale)
    changed = file.stat().st_mtime_ns if file.is_file() else 0
    return _read(file, frozenset(settings.scale), changed).get(role, {})


def _of_assistant_axis(study: Study, role: str, file: Path, scale: list[int]) -> _Scores:
    """Return the scores of a file of assistant-axis, `{"pos_p0_q12": 3}`; none where there is no file.

    `p` is the variant, `q` the question's place among the study's, from 0. Scores of answers that the study
    does not ask for are passed over.
    """
    if not file.is_file():
        return {}
    content, owner = read_json(file), study.responses_owner
    if not isinstance(content, dict):
        raise StudyError(f'{file}: holds no scores by response, such as {{"pos_p0_q12": 3}}')
    asked = [question.id for question in owner.questions(owner.role(role))]
    found: _Scores = {}
    for key, score in content.items():
        named = _LABELLED.fullmatch(key)
        if named is None:
            raise StudyError(f"{file}: {shown(key)} names no response, as pos_p0_q12 does")
        if isinstance(score, bool) or score not in scale:
            raise StudyError(f"{file}: {shown(key)} has score {shown(str(score))}, not on the scale {scale}")
        variant, place = int(named["variant"]), int(named["place"])
        if variant not in study.generation.prompt_indices or place >= len(asked):
            continue
        known = response_id(variant, asked[place])
        if known in found:
            raise StudyError(f"{file}: {shown(key)} scores variant {variant}, question {place} once more")
        found[known] = score
    return found


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
