"""The stage `judgements`: what each judge says of a role's answers, landed in the lake."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, fields
from typing import Any

import pyarrow as pa

from persona_assets.base.errors import StudyError
from persona_assets.base.progress import Progress
from persona_assets.generate.asked import AskedModel
from persona_assets.generate.backend import Completion
from persona_assets.generate.in_flight import Parts
from persona_assets.generate.prompts import Prompt
from persona_assets.judging.score import expected_score, score_in
from persona_assets.lake.fingerprint import MADE_FROM_NOTE, Fingerprint, fingerprint
from persona_assets.lake.lake_file import LakeFile
from persona_assets.lake.schema import JUDGEMENTS, JUDGING, RESPONSES, VARIANT_STRIDE, response_id
from persona_assets.lake.schema.of_judges import rating
from persona_assets.stages.asked_inputs import judge_inputs
from persona_assets.stages.of_roles import RoleFiles
from persona_assets.study.judges import filled, judging_prompt, scores_of
from persona_assets.study.settings.judge import PLACES
from persona_assets.study.study import Study

N_LIKELIEST = 20  # first tokens whose probabilities are asked for: more than vLLM gives, or OpenAI


@dataclass(frozen=True)
class Judgement:
    """What one judge says of one response; see `schema.JUDGEMENTS`."""

    response_id: int
    score: int | None = None
    expected: float | None = None
    scale_mass: float | None = None
    text: str | None = None

    @property
    def rating(self) -> float | None:
        """What it counts for; see `schema.JUDGEMENTS`."""
        return rating(self.score, self.expected, self.scale_mass)


class JudgingStage:
    """Judges roles one after the other; a judge's model is loaded when it is first asked, and kept."""

    def __init__(self, study: Study) -> None:
        self.study = study
        self._judges: dict[str, Judge] = {}

    def land(self, role: str, *, overwrite: bool = False, progress: Progress | None = None) -> LakeFile:
        """Return the role's fresh judgements: those that are there, or made now. A killed run's are taken up.

        Raises StudyError where the role has no fresh responses, or a judge cannot be asked.
        """
        files = RoleFiles(self.study, role)
        made_from, landed = files.fingerprint(JUDGEMENTS), files.file(JUDGEMENTS)
        if made_from is None or files.responses is None:
            raise StudyError(
                f"{self.study.name}: role {role} has no fresh responses to judge; run "
                f"`persona run {self.study.responses_owner.name} --roles {role} --select responses` first"
            )
        if landed is not None and not overwrite:
            return landed
        responses = self.study.responses_owner.lake.read(RESPONSES, files.responses)
        standing = {} if overwrite else standing_judgements(files, made_from)
        todo = [name for name in self.names if name not in standing]
        made = {
            name: standing[name]
            if name in standing
            else self._judged(name, files, responses, _of_all(progress, todo.index(name), len(todo)))
            for name in self.names
        }
        file = self.study.lake.write(
            JUDGEMENTS, judgements_table(made), made_from, role=role, inputs=[files.responses]
        )
        self.study.lake.clear(JUDGING, role=role)
        return file

    @property
    def names(self) -> list[str]:
        """The study's judges."""
        return list(self.study.settings.judge)

    def judge(self, name: str) -> Judge:
        """Return a judge, opened at first use."""
        if name not in self._judges:
            self._judges[name] = Judge(self.study, name)
        return self._judges[name]

    def close(self) -> None:
        """Give back the models' memory."""
        for judge in self._judges.values():
            judge.model.close()
        self._judges = {}

    def _judged(
        self, name: str, files: RoleFiles, responses: pa.Table, progress: Progress | None
    ) -> list[Judgement]:
        ids = responses["response_id"].to_pylist()
        if self.study.settings.judge[name].file is not None:
            scores = scores_of(self.study, name, files.role)
            return [Judgement(known, scores[known]) for known in ids if known in scores]
        if judging_prompt(self.study, name, files.role) is None:
            return []
        judge, parts = self.judge(name), judging_parts(files, name)
        prompts = judge.prompts(files.role, responses)
        found = judge.model.answers(prompts, parts, judge.read, progress)
        return [found.get(known, Judgement(known)) for known in ids]


class Judge:
    """One of a study's judges that is asked."""

    def __init__(self, study: Study, name: str) -> None:
        self.study, self.name = study, name
        self.settings = study.settings.judge[name]
        self.model = AskedModel.of(
            study, self.settings.asking, block=f"judge.{name}", who="judge", likeliest=N_LIKELIEST
        )

    def prompts(self, role: str, responses: pa.Table) -> list[Prompt]:
        """Return what is asked about a role's responses, but for those that the judge cannot be shown.

        Those hold a control token of its model: an answer could end the question and forge a score. Raises
        StudyError where a prompt has no room.
        """
        columns, prompts = ["variant", "question_id", "question", "response"], []
        for row in responses.select(columns).to_pylist():
            where = f"role {role}, variant {row['variant']}, question {row['question_id']}"
            number = response_id(row["variant"], row["question_id"])
            prompts.append(self.prompt(role, number, row["question"], row["response"], where))
        return [one for one in prompts if one is not None]

    def prompt(self, role: str, number: int, question: str, response: str, where: str) -> Prompt | None:
        """Return what is asked about one answer, as `prompts`; None of one that cannot be shown."""
        asked = judging_prompt(self.study, self.name, role) or ""
        if not all(place in asked for place in PLACES):
            raise StudyError(
                f"judge.{self.name}: the eval_prompt of role {role} lacks {{question}} or {{answer}}; mend "
                f"it in the role's file, or give judge.{self.name}.prompt"
            )
        if not self.model.may_read(response):
            return None
        return self.model.prompt(number, filled(asked, question, response), f"judge.{self.name}: {where}")

    def read(self, completion: Completion) -> Judgement:
        """Return the judgement that an answer is."""
        expected, mass = None, None
        if completion.likeliest is not None:
            expected, mass = expected_score(completion.likeliest, self.settings.scale)
        score = score_in(completion.text, self.settings.scale)
        return Judgement(completion.response_id, score, expected, mass, completion.text)


def standing_judgements(files: RoleFiles, made_from: Fingerprint) -> dict[str, list[Judgement]]:
    """Return what earlier files of the role hold of judges that have not changed since, nor the responses.

    Their footers tell; one that cannot be read is passed over.
    """
    lake, wanted = files.study.lake, made_from.note
    found: dict[str, list[Judgement]] = {}
    for file in sorted(files.all(JUDGEMENTS), key=lambda file: file.modified, reverse=True):
        with suppress(StudyError):
            noted = json.loads(lake.note(file, MADE_FROM_NOTE) or "{}")
            alike = [
                name
                for name in files.study.settings.judge
                if _of_judge(noted, name) == _of_judge(wanted, name)
            ]
            new = [name for name in alike if name not in found]
            rows = lake.read(JUDGEMENTS, file).to_pylist() if new else []
            for name in new:
                of_judge = [row for row in rows if row["judge"] == name]
                found[name] = [
                    Judgement(**{one.name: row[one.name] for one in fields(Judgement)}) for row in of_judge
                ]
    return found


def _of_judge(noted: Mapping[str, str], name: str) -> dict[str, str]:
    """Return what decides one judge's judgements, of a note on what decides those of all."""
    return {
        key: value
        for key, value in noted.items()
        if not key.startswith("judges.") or key.startswith(f"judges.{name}.")
    }


def judging_parts(files: RoleFiles, judge: str) -> Parts[Judgement]:
    """Return what killed runs have kept of a judge's work on a role that has responses.

    A part belongs to the judge, to what decides its scores, and to the landing that it is made for.
    """
    assert files.responses is not None
    landed = files.file(JUDGEMENTS)
    made_from = {
        "responses": files.responses.stem,
        "name": judge,
        "judge": judge_inputs(files.study, judge, files.role),
        "backend": files.study.settings.judge[judge].backend,
        "replaces": landed.stem if landed else None,
    }
    return Parts(files.study.lake, JUDGING, Judgement, fingerprint(made_from), role=files.role)


def judgements_table(made: Mapping[str, list[Judgement]]) -> pa.Table:
    """Return judgements by judge as a table of `schema.JUDGEMENTS`, judge by judge."""
    rows: list[dict[str, Any]] = [
        {
            **vars(one),
            "variant": one.response_id // VARIANT_STRIDE,
            "question_id": one.response_id % VARIANT_STRIDE,
            "judge": name,
        }
        for name, judgements in made.items()
        for one in sorted(judgements, key=lambda one: one.response_id)
    ]
    return pa.Table.from_pylist(rows, schema=JUDGEMENTS.schema)


def _of_all(progress: Progress | None, number: int, n_judges: int) -> Progress | None:
    """Return a progress of one judge as one of all of them together."""
    if progress is None:
        return None
    return lambda done, of: progress(number * of + done, n_judges * of)
