"""The scores that a study's judge gives to answers under edits; the same text is shown to it once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from functools import partial
from typing import Any

from persona_assets.base.given import shown
from persona_assets.base.progress import Progress
from persona_assets.generate.asked import NoRoomError
from persona_assets.generate.in_flight import Parts
from persona_assets.generate.prompts import Prompt
from persona_assets.judging.stage import Judge, Judgement
from persona_assets.lake.fingerprint import fingerprint
from persona_assets.lake.schema import STEERED_JUDGING, STEERED_RESPONSES
from persona_assets.stages.across_roles import AcrossRoles
from persona_assets.stages.asked_inputs import steered_judge, steered_parts
from persona_assets.steering.kept import earlier_rows
from persona_assets.study.judges import judge_asked

Row = dict[str, Any]  # of `STEERED_RESPONSES`
Texts = tuple[str, str]  # a question and the answer
_Lacking = dict[str, dict[Texts, list[Row]]]  # by role, the rows without a score


class AnswersJudge:
    """The judge of a study's answers under edits of an SAE's stream; its model is loaded when it is asked.

    They are answers of the roles that `played` has by intervention and role. Without a judge that is a model,
    or of a role that it does not judge, there are no scores. Raises StudyError where the judge, or what it is
    asked of one of the roles, is not right: before anything is answered.
    """

    def __init__(self, across: AcrossRoles, sae: str, played: Mapping[tuple[str, str], str]) -> None:
        self._across, self._sae, self._played = across, sae, played
        asked = {role: steered_judge(across.study, role) for role in sorted(set(played.values()))}
        self._hashes = {role: hash_ for role, hash_ in asked.items() if hash_ is not None}
        self._judge: Judge | None = None
        name = judge_asked(across.study)
        if name is not None and self._hashes:
            self._judge = Judge(across.study, name)
            for role in self._hashes:
                self._judge.prompt(role, 0, "", "", f"role {role}, an answer under an edit")

    def score(self, rows: Sequence[Row], progress: Progress) -> None:
        """Give the rows their scores.

        A text that any file has a score of from the same judge keeps it, and what a killed run was told is
        not asked again. Raises StudyError where the judge cannot be asked.
        """
        lacking, n_done = self._lacking(rows), 0
        n_all = sum(map(len, lacking.values()))
        if self._judge is None or not n_all:
            return
        with closing(self._judge.model):
            for role, of_role in lacking.items():
                self._ask(self._judge, role, of_role, partial(_of_all, progress, n_done, n_all))
                n_done += len(of_role)

    def _lacking(self, rows: Sequence[Row]) -> _Lacking:
        """Return the rows without a score; a known one is filled in, and another judge's taken away."""
        found: _Lacking = defaultdict(lambda: defaultdict(list))
        known = self._known(rows)
        for row in rows:
            row |= dict.fromkeys(("judge", "score", "judged"))
            role, texts = self._played[row["intervention"], row["role"]], (row["question"], row["response"])
            hash_ = self._hashes.get(role)
            if hash_ is not None and (hash_, texts) in known:
                self._give(row, hash_, known[hash_, texts])
            elif hash_ is not None:
                found[role][texts].append(row)
        return {role: dict(sorted(found[role].items())) for role in sorted(found)}

    def _known(self, rows: Iterable[Row]) -> dict[tuple[str, Texts], float | None]:
        """Return the judge's scores by its hash and the text, from these rows and the files of all SAEs."""
        saes, judged = self._across.study.settings.extraction.saes, set(self._hashes.values())
        files = [earlier_rows(self._across, STEERED_RESPONSES, sae) for sae in saes if judged]
        return {
            (row["judged"], (row["question"], row["response"])): row["score"]
            for some in (*files, rows)
            for row in some
            if row["judged"] in judged
        }

    def _ask(self, judge: Judge, role: str, lacking: Mapping[Texts, list[Row]], progress: Progress) -> None:
        made_from, numbers = steered_parts(judge.study, self._sae)[role], _numbers(lacking)
        parts = Parts(judge.study.lake, STEERED_JUDGING, Judgement, made_from, sae=self._sae)
        prompts = [_prompt(judge, role, number, texts) for texts, number in numbers.items()]
        found = judge.model.answers([one for one in prompts if one is not None], parts, judge.read, progress)
        for texts, number in numbers.items():
            for row in lacking[texts]:
                self._give(row, self._hashes[role], found[number].rating if number in found else None)

    def _give(self, row: Row, hash_: str, score: float | None) -> None:
        assert self._judge is not None
        row |= {"judge": self._judge.name, "score": score, "judged": hash_}


def _prompt(judge: Judge, role: str, number: int, texts: Texts) -> Prompt | None:
    """Return what the judge is asked about an answer; None of one that it cannot be shown, or not whole."""
    try:
        where = f"role {role}, an answer under an edit to {shown(texts[0])}"
        return judge.prompt(role, number, *texts, where)
    except NoRoomError:
        return None


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
