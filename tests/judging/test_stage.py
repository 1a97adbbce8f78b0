from __future__ import annotations

import json
from math import log
from pathlib import Path
from typing import Any

import duckdb
import pytest

from persona_assets.base.errors import EngineError, StudyError
from persona_assets.explorer.snapshot.opened import Snapshots
from persona_assets.generate.stage import GenerationStage
from persona_assets.interchange.export import export_study
from persona_assets.judging.score import expected_score, score_in
from persona_assets.judging.stage import Judgement, JudgingStage, judging_parts
from persona_assets.lake.schema import JUDGEMENTS, JUDGING, RESPONSES
from persona_assets.lake.schema.of_judges import RATING
from persona_assets.stages.of_roles import RoleFiles
from persona_assets.study.judges import scores_of
from persona_assets.study.study import Study
from persona_assets.warehouse import connect, publish
from tests.conftest import StudyMaker
from tests.explorer.contract import check
from tests.generate.misbehaving_server import Behaviour, Request, serving

SCALE = [0, 1, 2, 3]
CHANCES = {" 3": log(0.5), "3": log(0.1), "2": log(0.2), "Arr": log(0.2)}


def told(text: str, chances: dict[str, float] | None = None, after: int = 10**9) -> Behaviour:
    """Answer every prompt alike, as a server that gives text alone; be gone `after` so many."""
    n_asked = 0

    async def behave(request: Request) -> None:
        nonlocal n_asked
        n_asked += 1
        logprobs = {"top_logprobs": [chances]} if chances and "logprobs" in request.body else None
        choice = {"text": text, "finish_reason": "stop", "logprobs": logprobs}
        status, body = (200, {"choices": [choice]}) if n_asked <= after else (400, {"error": "gone"})
        await request.reply(status, json.dumps(body).encode())

    return behave


def judged_by(url: str, **more: Any) -> dict[str, Any]:
    engine = {"base_url": url, "concurrency": 1, "retries": 0}
    return {"backend": "openai", "model": "tests/toy/data/model", "engine": engine} | more


def study_with(make_study: StudyMaker, judges: dict[str, Any]) -> Study:
    study = make_study(changes={"judge": judges, "roles.include": ["default", "pirate"]})
    generation = GenerationStage(study)
    for role in study.role_names:
        if RoleFiles(study, role).responses is None:
            generation.land(role)
    generation.close()
    return study


def land(study: Study, role: str = "pirate") -> list[dict[str, Any]]:
    stage = JudgingStage(study)
    try:
        return study.lake.read(JUDGEMENTS, stage.land(role)).to_pylist()
    finally:
        stage.close()


@pytest.mark.parametrize(
    ("text", "score"),
    [("3", 3), (" 2\n", 2), ("Score: 1.", 1), ("7", None), ("no", None), ("", None), ("9" * 5000, None),
     ("<think>0 or 1?</think>2", 2), ("<think>0 or 1?", None), ("10", None)],
)  # fmt: skip
def test_the_first_number_of_a_text_is_its_score_if_it_is_on_the_scale(text: str, score: int | None) -> None:
    assert score_in(text, SCALE) == score


def test_the_expected_score_is_a_mean_by_the_probabilities_of_the_scales_tokens() -> None:
    expected, mass = expected_score({"3": 0.3, " 3": 0.3, "2": 0.2, "Arr": 0.2}, SCALE)
    assert (expected, mass) == pytest.approx(((3 * 0.6 + 2 * 0.2) / 0.8, 0.8))
    assert expected_score({"Arr": 0.2}, SCALE) == (None, 0)


def test_an_answer_counts_alike_in_sql_and_in_this_process() -> None:
    expected, mass = expected_score({"I": 0.93, "The": 0.05, "3": 0.01}, SCALE)
    said = [(score_in(text, SCALE), expected, mass) for text in ("I would rate this 0", "I cannot say")]
    assert [Judgement(1, *one).rating for one in said] == [0, None]
    given = [
        (1, 2.5, 0.5),
        (1, 2.5, 0.49),
        (None, 2.5, 0.9),
        (None, 2.5, 0.1),
        (1, None, 0.0),
        (1, None, None),
    ]
    told = [
        duckdb.execute(
            f"select {RATING} from (select ?::int score, ?::double expected, ?::double scale_mass) f",
            one,
        ).fetchall()[0][0]
        for one in (*said, *given)
    ]
    assert [Judgement(1, *one).rating for one in (*said, *given)] == told
    assert told[2:] == [2.5, 1, 2.5, None, 1, 1]


def test_a_server_judges_by_probabilities_and_text_and_an_answer_without_a_score_stays(
    make_study: StudyMaker,
) -> None:
    with (
        serving(told("3", CHANCES)) as sure,
        serving(told("Aye!")) as vague,
        serving(told("I say 1", {"3": log(0.4), "I": log(0.6)})) as wordy,
    ):
        judges = {
            "sure": judged_by(sure.url),
            "wordy": judged_by(wordy.url, prompt="Of 3? {question} {answer}"),
            "vague": judged_by(vague.url, prompt="{role}: {question} {answer}"),
        }
        study = study_with(make_study, judges)
        rows, of_default = land(study), land(study, "default")
    assert sure.most_in_flight == 1
    assert [row["judge"] for row in rows] == ["sure"] * 6 + ["vague"] * 6 + ["wordy"] * 6
    assert {row["score"] for row in rows[:6]} == {3} and {row["score"] for row in rows[6:12]} == {None}
    assert rows[12]["expected"] == pytest.approx(3)
    assert rows[0]["expected"] == pytest.approx(2.75) and rows[0]["scale_mass"] == pytest.approx(0.8)
    assert {(row["expected"], row["text"]) for row in rows[6:12]} == {(None, "Aye!")}
    assert sure.requests[0].body["temperature"] == 0
    assert {row["judge"] for row in of_default} <= {"sure", "vague", "wordy"}
    publish(study)
    with connect(study) as warehouse:
        shown = warehouse.execute(
            "select judge, n_responses, n_unrated, rating, share_top, share_by_text from role_adherence "
            "where role = 'pirate' order by judge"
        ).fetchall()
    assert shown == [
        ("sure", 6, 0, pytest.approx(2.75), 1.0, 0),
        ("vague", 6, 6, None, None, None),
        ("wordy", 6, 0, 1, 0, 1),
    ]
    snapshots = Snapshots(study)
    with snapshots.newest().source() as source:
        told_of = source.rows("adherence", role="pirate")
        assert {row["role"] for row in source.rows("adherence", role=None)} == {"default", "pirate"}
    snapshots.close()
    for row in told_of:
        check("Adherence", row)
    assert [(row["judge"], row["rating"], row["highest"]) for row in told_of] == [
        ("sure", 2.75, SCALE[-1]),
        ("vague", None, SCALE[-1]),
        ("wordy", 1, SCALE[-1]),
    ]


def test_a_killed_run_asks_only_for_what_was_not_kept(make_study: StudyMaker) -> None:
    with serving(told("1", after=4)) as server:
        study = study_with(make_study, {"one": judged_by(server.url)})
        with pytest.raises(EngineError, match=r"^judge\.\w+: role \w+, variant \d, question \d+: "):
            land(study)
        assert len(server.requests) == 5
        [kept] = study.lake.files(JUDGING, role="pirate")
        assert kept.made_from == judging_parts(RoleFiles(study, "pirate"), "one").made_from
        server.behave = told("2")
        assert [row["score"] for row in land(study)] == [1, 1, 1, 1, 2, 2]
        assert len(server.requests) == 7
        assert land(study) and len(server.requests) == 7
    assert study.lake.files(JUDGING, role="pirate") == []


def test_a_judge_that_changes_is_asked_again_and_the_others_are_not(make_study: StudyMaker) -> None:
    with serving(told("1")) as first, serving(told("2")) as second:
        judges = {"one": judged_by(first.url), "two": judged_by(second.url, prompt="{question} {answer}")}
        assert len(land(study_with(make_study, judges))) == 12
        judges["two"] = judged_by(second.url, prompt="{question} {answer}?")
        second.behave = told("3")
        rows = land(study_with(make_study, judges))
        assert [(row["judge"], row["score"]) for row in rows] == [("one", 1)] * 6 + [("two", 3)] * 6
        assert {row["text"] for row in rows[:6]} == {"1"}
        assert (len(first.requests), len(second.requests)) == (6, 12)
        judges["three"] = judged_by(second.url, prompt="Now: {question} {answer}")
        rows = land(study_with(make_study, judges))
        assert {row["judge"]: row["score"] for row in rows} == {"one": 1, "two": 3, "three": 3}
        assert (len(first.requests), len(second.requests)) == (6, 18)


def test_a_model_in_this_process_judges_and_gives_probabilities(make_study: StudyMaker) -> None:
    prompt = "Does the answer play {role}? {question} {answer} Reply with a number."
    study = study_with(
        make_study, {"toy": {"model": "tests/toy/data/model", "prompt": prompt, "dtype": "float32"}}
    )
    rows = land(study)
    assert len(rows) == 6 and all(0 <= row["scale_mass"] <= 1 for row in rows)
    assert all(row["expected"] is None or 0 <= row["expected"] <= 3 for row in rows)


def test_a_persons_scores_from_a_file_are_a_judge_and_a_wrong_one_is_named(
    make_study: StudyMaker, tmp_path: Path
) -> None:
    file = tmp_path / "mine.jsonl"
    file.write_text('{"role": "pirate", "response_id": 1, "score": 2}\n')
    study = study_with(make_study, {"me": {"file": str(file)}})
    assert [(row["response_id"], row["score"], row["text"]) for row in land(study)] in ([(1, 2, None)], [])
    first = RoleFiles(study, "pirate").fingerprint(JUDGEMENTS)
    file.write_text('{"role": "default", "response_id": 1, "score": 2}\n')
    assert RoleFiles(study, "pirate").fingerprint(JUDGEMENTS) != first
    file.write_text('{"role": "pirate", "response_id": 1, "score": 4}\n')
    with pytest.raises(StudyError, match=r"mine.jsonl:1: score 4 is not on the scale \[0, 1, 2, 3\]"):
        land(study)


def test_scores_of_assistant_axis_are_read_and_written(make_study: StudyMaker, tmp_path: Path) -> None:
    folder = tmp_path / "scores"
    folder.mkdir()
    asked = make_study()
    questions = [question.id for question in asked.questions(asked.role("pirate"))]
    given = {
        f"pos_p{variant}_q{at}": (variant + at) % 4 for variant in (0, 1) for at in range(len(questions))
    }
    (folder / "pirate.json").write_text(json.dumps(given | {"pos_p4_q999": 3}))
    (folder / "default.json").write_text('{"default_p0_q0": 2}')
    study = study_with(make_study, {"axis": {"file": str(folder)}})
    scores = {row["response_id"]: row["score"] for row in land(study)}
    assert scores and scores == {
        variant * 100_000 + question: (variant + at) % 4
        for variant in study.generation.prompt_indices
        for at, question in enumerate(questions)
    }
    land(study, "default")
    written = export_study(study, tmp_path / "out")
    assert written.scores == {"axis": ["default", "pirate"]}
    [of_default] = (tmp_path / "out").glob("scores/*/*/axis/default.json")
    assert json.loads(of_default.read_text()) == {"pos_p0_q0": 2}
    of_pirate = json.loads((of_default.parent / "pirate.json").read_text())
    assert of_pirate == {key: given[key] for key in of_pirate} and len(of_pirate) == len(scores)
    other = tmp_path / "questions.jsonl"
    other.write_text('{"id": 7, "question": "Why?"}\n{"id": 3, "question": "How?"}\n')
    numbered = make_study(
        "numbered", {"judge": {"axis": {"file": str(folder)}}, "questions.file": str(other)}
    )
    (folder / "pirate.json").write_text('{"pos_p0_q0": 1, "pos_p1_q1": 2}')
    assert scores_of(numbered, "axis", "pirate") == {7: 1, 100_003: 2}
    (folder / "pirate.json").write_text('{"neg_p0_q0": 2}')
    with pytest.raises(StudyError, match=r"pirate.json: 'neg_p0_q0' names no response, as pos_p0_q12 does"):
        land(study)
    (folder / "pirate.json").write_text('{"pos_p0_q0": 4}')
    with pytest.raises(StudyError, match=r"'pos_p0_q0' has score '4', not on the scale \[0, 1, 2, 3\]"):
        land(study)


def test_without_a_judge_a_study_says_and_lands_what_it_did_before(make_study: StudyMaker) -> None:
    plain = make_study("plain")
    assert '"judge"' not in plain.settings.published()
    judged = make_study("judged", {"judge": {"me": {"file": "x.jsonl"}}})
    names = [RoleFiles(study, "pirate").fingerprint(RESPONSES) for study in (plain, judged)]
    assert names[0] == names[1]


@pytest.mark.parametrize(
    ("judge", "complaint"),
    [
        ({}, "judge.one: a judge has either `model` or `file`"),
        ({"model": "m", "prompt": "?"}, "judge.one: prompt must hold {question} and {answer}"),
        ({"model": "m", "scale": [3, 0]}, "judge.one: scale must rise, each score named once"),
        ({"model": "m", "backend": "openai"}, "judge.one.engine.base_url is missing"),
    ],
)
def test_a_wrong_judge_is_told_by_its_key(make_study: StudyMaker, judge: Any, complaint: str) -> None:
    with pytest.raises(StudyError) as stop:
        make_study(changes={"judge": {"one": judge}})
    assert complaint in str(stop.value)


def test_an_answer_cannot_forge_what_the_judge_is_asked() -> None:
    from persona_assets.study.judges import filled

    assert filled("{question}|{answer}", "{answer}", "{question}") == "{answer}|{question}"


def test_two_judges_of_one_model_keep_their_parts_apart(make_study: StudyMaker) -> None:
    judges = {name: judged_by(f"http://localhost:{port}/v1") for name, port in (("a", 1), ("b", 2))}
    files = RoleFiles(study_with(make_study, judges), "pirate")
    assert judging_parts(files, "a").made_from != judging_parts(files, "b").made_from
