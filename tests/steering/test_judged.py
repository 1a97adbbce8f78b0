"""Answers under edits that a judge on a real server scores: in pairs, told from chance, asked once."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from persona_assets.base.errors import StudyError
from persona_assets.health.garbage import find_garbage
from persona_assets.judging.stage import JudgingStage
from persona_assets.lake.schema import INTERVENTION_EFFECTS, STEERED_JUDGING
from persona_assets.models.loading import load_tokenizer
from persona_assets.orchestration import study_reports
from persona_assets.stages.across_roles import AcrossRoles
from persona_assets.stages.asked_inputs import steered_judge, steered_parts
from persona_assets.steering.answering import SteeredBackend
from persona_assets.steering.judged import AnswersJudge
from persona_assets.steering.reading import Interventions
from persona_assets.study.judges import judge_asked
from persona_assets.study.study import Study
from tests.conftest import StudyMaker
from tests.directions.test_stage import Heard
from tests.generate.misbehaving_server import Behaviour, Request, serving
from tests.judging.test_stage import judged_by
from tests.steering.test_answered import TOWARDS, rows
from tests.steering.test_stage import made

MODEL = "tests/toy/data/model"
ANOTHER = "0123456789abcdef"


def scoring(score: Callable[[str], int], asked: list[str], after: int = 10**9) -> Behaviour:
    """Score each answer by its text; be gone `after` so many."""
    tokenizer = load_tokenizer(MODEL)

    async def behave(request: Request) -> None:
        text = tokenizer.decode(request.body["prompt"], skip_special_tokens=True)
        asked.append(text)
        choice = {"text": str(score(text)), "finish_reason": "stop", "logprobs": None}
        gone = len(asked) > after
        await request.reply(400 if gone else 200, json.dumps({} if gone else {"choices": [choice]}).encode())

    return behave


def with_judge(
    make_study: StudyMaker, url: str, prompt: str = "{role}? {question} So: {answer}", **more: Any
) -> Study:
    judges = {"one": judged_by(url, prompt=prompt, **more)}
    return make_study("steered", {"interventions": {"towards": TOWARDS}, "judge": judges})


def test_scores_are_paired_told_from_controls_and_asked_once_for_each_text(
    make_study: StudyMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain_study = made(make_study, towards=TOWARDS)
    with monkeypatch.context() as nothing_answers, pytest.raises(StudyError, match="raise it"):
        nothing_answers.delattr(SteeredBackend, "_batch")
        rows(with_judge(make_study, "http://127.0.0.1:9/v1", max_model_len=20))
    with serving(scoring(lambda _: 1, [], after=0)) as server, pytest.raises(StudyError):
        rows(with_judge(make_study, server.url))
    monkeypatch.delattr(SteeredBackend, "_batch")  # what is answered is not answered again
    with monkeypatch.context() as nothing_reads:  # nor measured
        nothing_reads.delattr(Interventions, "given")
        first = rows(plain_study)
    assert not any(row["loss"] is None for row in first)
    assert {(row["judge"], row["score"], row["judged"]) for row in first} == {(None, None, None)}
    plain = {row["response"] for row in first if row["control"] == "nothing"}
    strong = {row["response"] for row in first if row["control"] is None and row["strength"] == 4} - plain
    texts = {(row["question"], row["response"]) for row in first}
    assert len(strong) == 2 and len(texts) < len(first), "the toy answers otherwise than it did"

    def planted(text: str) -> int:
        return 3 if any(one in text for one in strong) else 1

    before, asked, again = list[str](), list[str](), list[str]()
    with serving(scoring(planted, before, after=12)) as server:
        study = with_judge(make_study, server.url)
        with pytest.raises(StudyError):
            rows(study)
    with serving(scoring(lambda _: 1, [])) as server:  # what lands removes its own parts alone
        JudgingStage(with_judge(make_study, server.url)).land("pirate")
    study.lake.write(STEERED_JUDGING, STEERED_JUDGING.schema.empty_table(), ANOTHER, sae="other")
    kept = study.lake.files(STEERED_JUDGING, sae="demo")
    garbage = {held.file.path for held in find_garbage(study, timedelta(0)).files}
    assert kept and not {one.path for one in kept} & garbage
    with serving(scoring(planted, asked)) as server:
        study = with_judge(make_study, server.url)
        found = rows(study)
        effects = [row for row in rows(study, INTERVENTION_EFFECTS) if row["metric"] == "answer_score"]
    assert 12 + len(asked) == len(texts)
    assert all(text.count("pirate?") == 1 for text in asked)  # whose vector it is, and not who answers
    assert [file.made_from for file in study.lake.files(STEERED_JUDGING)] == [ANOTHER]
    for row in found:
        assert row["judge"] == "one" and row["score"] == (3 if row["response"] in strong else 1)
    bare = [row | dict.fromkeys(("judge", "score", "judged")) for row in found]
    unasked = AcrossRoles.of(with_judge(make_study, "http://127.0.0.1:9/v1"))  # of another SAE: it is known
    AnswersJudge(unasked, "other", {("towards", "ghost"): "pirate"}).score(bare, lambda done, of: None)
    assert bare == found
    weak, best = effects
    assert (weak["effect"], best["effect"], best["p"], best["n_questions"]) == (0, 2, 1 / 10, 2)
    with serving(scoring(lambda text: planted(text) * 2, again)) as server:  # 6 is not on the scale
        study = with_judge(make_study, server.url, "{role}, now? {question} So: {answer}")
        other = rows(study)
        metadata = study_reports.land_steered(study, Heard()).metadata
    assert len(again) == len(texts) and {row["score"] for row in other} == {2, None}
    assert metadata["without a score"] == sum(row["response"] in strong for row in other) > 0
    assert [row["response"] for row in other] == [row["response"] for row in found]


def test_a_file_of_scores_judges_no_answers_under_edits(make_study: StudyMaker) -> None:
    model, file = judged_by("http://127.0.0.1:9/v1"), {"file": "scores.jsonl"}
    for judges, chosen, expected in (
        ({}, None, None),
        ({"me": file}, None, None),
        ({"me": file, "one": model, "two": model}, None, "one"),
        ({"me": file, "one": model, "two": model}, "two", "two"),
        ({"me": file, "one": model}, "me", "one"),
    ):
        analysis = {} if chosen is None else {"analysis.judge": chosen, "analysis.min_score": 2}
        assert judge_asked(make_study("judged", {"judge": judges} | analysis)) == expected


def test_scores_that_one_backend_gave_are_not_taken_up_by_another(make_study: StudyMaker) -> None:
    judge = {"model": MODEL, "dtype": "float32", "prompt": "{role}? {question} So: {answer}"}
    one, other = (
        make_study("judged", {"judge": {"one": judge | {"backend": backend}}})
        for backend in ("transformers", "vllm")
    )
    assert steered_judge(one, "pirate") == steered_judge(other, "pirate") is not None
    assert steered_parts(one, "demo")["pirate"] != steered_parts(other, "demo")["pirate"]


def test_a_text_that_is_known_is_not_asked_again_and_one_that_is_too_long_has_no_score(
    make_study: StudyMaker,
) -> None:
    texts, asked = ["Aye!", "No.", "Arr " * 4_000], list[str]()
    given = [{"intervention": "one", "role": "ghost", "question": "Who?", "response": text} for text in texts]
    given = [row | dict.fromkeys(("judge", "score", "judged")) for row in given]
    with serving(scoring(lambda text: 3 if "Aye" in text else 0, asked)) as server:
        across = AcrossRoles.of(with_judge(make_study, server.url))
        judge = AnswersJudge(across, "demo", {(name, "ghost"): "pirate" for name in ("one", "added")})
        judge.score(given, lambda done, of: None)
        assert [row["score"] for row in given] == [3, 0, None] and len(asked) == 2
        assert {row["judge"] for row in given} == {"one"} and None not in {row["judged"] for row in given}
        added = [row | {"intervention": "added", "score": None, "judged": None} for row in given]
        judge.score([*given, *added], lambda done, of: None)
    assert [row["score"] for row in added] == [3, 0, None] and len(asked) == 2
