"""The scores that a study's judge gives to answers under edits; the same text is shown to it once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from functools import partial
from typing import Any

from persona_assets.base.given import shown
from persona_assets.base.progress import Progress
from persona_assets.generate.in_flight import Parts
from persona_assets.judging.stage import Judge, Judgement
from persona_assets.lake.fingerprint import fingerprint
from persona_assets.lake.schema import JUDGING
from persona_assets.stages.asked_inputs import steered_judge, steered_parts
from persona_assets.study.judges import judge_asked
from persona_assets.study.study import Study

Row = dict[str, Any]  # of `STEERED_RESPONSES`
Texts = tuple[str, str]  # a question and the answer


def judge_answers(
    study: Study, rows: Sequence[Row], played: Mapping[tuple[str, str], str], progress: Progress
) -> None:
    """Give the rows their scores, as answers of the roles that `played` has by intervention and role.

    Those that an earlier file has from the same judge stay, and what a killed run was told is not asked
    again. Without a judge that is a model, or of a role that it does not judge, there are none. Raises
    StudyError where the judge cannot be asked.
    """
    by_role = defaultdict[str, list[Row]](list)
    for row in rows:
        by_role[played[row["intervention"], row["role"]]].append(row)
    lacking = {role: _lacking(study, role, of_role) for role, of_role in sorted(by_role.items())}
    n_all, n_done, name = sum(map(len, lacking.values())), 0, judge_asked(study)
    if name is None or not n_all:
        return
    judge = Judge(study, name)
    with closing(judge.model):
        for role, of_role in lacking.items():
            _ask(judge, role, of_role, partial(_of_all, progress, n_done, n_all))
            n_done += len(of_role)


def clear_judged(study: Study) -> None:
    """Remove what was kept of scores that are under way: the answers have landed."""
    for role, parts in steered_parts(study).items():
        study.lake.clear(JUDGING, role=role, made_from=parts)


def _lacking(study: Study, role: str, rows: Sequence[Row]) -> dict[Texts, list[Row]]:
    """Return the rows without a score, by question and answer; those from another judge are taken away."""
    hash_, found = steered_judge(study, role), defaultdict[Texts, list[Row]](list)
    for row in rows:
        if row["judged"] != hash_:
            row |= {"judge": None, "score": None, "judged": None}
        if row["judged"] is None and hash_ is not None:
            found[row["question"], row["response"]].append(row)
    return dict(sorted(found.items()))


def _ask(judge: Judge, role: str, lacking: Mapping[Texts, list[Row]], progress: Progress) -> None:
    hash_ = steered_judge(judge.study, role)
    if not lacking or hash_ is None:
        return
    parts = Parts(judge.study.lake, JUDGING, Judgement, steered_parts(judge.study)[role], role=role)
    numbers = _numbers(lacking)
    prompts = [
        judge.prompt(role, number, *texts, f"role {role}, an answer under an edit to {shown(texts[0])}")
        for texts, number in numbers.items()
    ]
    found = judge.model.answers([one for one in prompts if one is not None], parts, judge.read, progress)
    for texts, number in numbers.items():
        rating = found[number].rating if number in found else None
        for row in lacking[texts]:
            row |= {"judge": judge.name, "score": rating, "judged": hash_}


def _numbers(asked: Iterable[Texts]) -> dict[Texts, int]:
    """Return a number for each question and answer: its hash, which hardly ever depends on the others.

    It has 28 bits, so that two may have the same; then the later one's is the next that is free. What was
    kept under a number counts for the very same prompt alone.
    """
    found: dict[Texts, int] = {}
    taken = set[int]()
    for texts in asked:
        number = int(fingerprint({"texts": texts})[:7], 16)
        while number in taken:
            number += 1
        taken.add(number)
        found[texts] = number
    return found


def _of_all(progress: Progress, n_before: int, n_all: int, done: int, _: int) -> None:
    progress(n_before + done, n_all)
