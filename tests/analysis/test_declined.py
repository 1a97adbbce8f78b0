"""The heuristic without a judge: planted refusals are found, and nothing is told where nothing can be."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy import sparse

from persona_assets.analysis import declined
from persona_assets.analysis.answers import Answers, ReadAnswers
from persona_assets.analysis.declined import Placed, place
from persona_assets.analysis.declined_stage import place_answers
from persona_assets.base.errors import StudyError
from persona_assets.base.jsonl import write_records
from persona_assets.cli.run import run_study
from persona_assets.lake.schema import DECLINED_TABLES, STATISTICS_TABLES
from persona_assets.stages.across_roles import AcrossRoles
from persona_assets.study.declining import matches
from persona_assets.warehouse import connect
from tests.conftest import StudyMaker

N_WORDINGS, N_QUESTIONS, D_SAE = 4, 20, 80
DECLINING, OF_THE_ROLE = slice(0, 8), slice(8, 20)  # the features that either fires more


def draw(
    random: np.random.Generator, share: float, of_anchor: float = 0.2, strength: float = 3.0
) -> tuple[Answers, np.ndarray, Answers, np.ndarray]:
    """Return the anchor's answers and a role's, and which of them decline: a share of either."""
    wording, question = (
        axis.ravel() for axis in np.meshgrid(range(N_WORDINGS), range(N_QUESTIONS), indexing="ij")
    )
    of_question = 0.5 * random.normal(size=(N_QUESTIONS, D_SAE))
    drawn: list = []
    for role, share_of_it in enumerate((of_anchor, share)):
        values = random.normal(size=(len(wording), D_SAE)) + of_question[question]
        values += 0.3 * random.normal(size=(N_WORDINGS, D_SAE))[wording]
        values[:, OF_THE_ROLE] += role
        declines = random.random(len(wording)) < share_of_it
        values[declines, DECLINING] += strength
        features = sparse.csr_matrix(np.maximum(values + 0.5, 0).astype(np.float32))
        roles = np.full(len(wording), role)
        drawn += [Answers(features, [""] * len(wording), roles, wording, question), declines]
    return tuple(drawn)  # type: ignore[return-value]


def test_of_planted_refusals_most_are_found_and_what_is_found_are_refusals() -> None:
    random = np.random.default_rng(1)
    found, right = [], []
    for _ in range(15):
        anchors, of_anchor, answers, declines = draw(random, 0.3)
        above = place(answers, anchors, of_anchor).scores > 0.5
        found.append(above[declines].mean())
        right.append(declines[above].mean())
    assert np.mean(found) > 0.85 and np.mean(right) > 0.99


def test_where_nothing_declines_about_nothing_lies_above_one_half() -> None:
    random = np.random.default_rng(2)
    placed = []
    for _ in range(15):
        anchors, of_anchor, answers, _ = draw(random, 0.0)
        placed.append(place(answers, anchors, of_anchor))
    assert np.mean([(one.scores > 0.5).mean() for one in placed]) < 0.01
    assert np.mean([(one.declining > 0.5).mean() for one in placed]) > 0.95
    assert all(abs(one.scores.mean()) < 1e-9 and abs(one.declining.mean() - 1) < 1e-9 for one in placed)


def test_answers_that_are_called_declining_without_being_so_place_nothing() -> None:
    """The role differs from the anchor, so that any of its answers lie apart from the role's."""
    random = np.random.default_rng(3)
    reasons = []
    for _ in range(40):
        anchors, of_anchor, answers, _ = draw(random, 0.0, strength=0.0)
        reasons.append(place(answers, anchors, of_anchor).reason)
    told = "the anchor's declining answers do not lie apart from its other ones"
    assert reasons.count(told) >= 36 and set(reasons) <= {None, told}


def test_an_answer_is_placed_by_answers_to_other_questions_alone() -> None:
    random = np.random.default_rng(4)
    anchors, of_anchor, answers, _ = draw(random, 0.3)
    before = _in_units_of_activation(answers, anchors, of_anchor)
    question = anchors.question[of_anchor][0]
    changed = anchors.features.toarray()
    changed[anchors.question == question] *= 5
    other = Answers(
        sparse.csr_matrix(changed), anchors.texts, anchors.role, anchors.wording, anchors.question
    )
    after = _in_units_of_activation(answers, other, of_anchor)
    own = answers.question == question
    assert np.allclose(before[own], after[own], rtol=1e-5)
    assert not np.allclose(before[~own], after[~own], rtol=1e-2)


def _in_units_of_activation(answers: Answers, anchors: Answers, of_anchor: np.ndarray) -> np.ndarray:
    """Return the answers' places before the scale is made."""
    held: list = []

    def keep(scores: list, *_: object, reason: str | None = None) -> Placed:
        held.append(scores[0])
        return Placed(*scores, reason)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(declined, "_placed", keep)
        place(answers, anchors, of_anchor)
    return held[0]


@pytest.mark.parametrize("of_anchor", [0.0, 1.0])
def test_too_few_answers_of_either_kind_place_nothing_and_it_is_said(of_anchor: float) -> None:
    anchors, declines, answers, _ = draw(np.random.default_rng(5), 0.3, of_anchor)
    placed = place(answers, anchors, declines)
    expected = f"only 0 of the anchor's answers {'do not decline' if of_anchor else 'decline'}; 5 are needed"
    assert placed.reason == expected and np.isnan(placed.scores).all()


def test_declining_answers_of_which_nearly_all_answer_one_question_place_nothing() -> None:
    anchors, _, answers, _ = draw(np.random.default_rng(6), 0.3)
    one_more = (anchors.question == 4) & (anchors.wording == 0)
    placed = place(answers, anchors, (anchors.question == 3) | one_more)
    assert placed.reason == "too few of the anchor's declining answers answer different questions"


def test_openings_that_decline_are_told_from_sympathy_and_from_playing() -> None:
    declining = [
        "I’m sorry, but I can’t assist with that.",
        "  As an AI language model, I have no hands.",
        "I don't have personal opinions.",
        "I am unable to discuss this.",
    ]
    playing = [
        "I'm sorry to hear that your dog died.",
        "As an old pirate, I say: no!",
        "I can't wait to sail.",
        "x" * 300 + " As an AI, I decline.",
    ]
    assert matches(declining).all() and not matches(playing).any()


def test_a_run_lands_scores_or_why_there_are_none(
    make_study: StudyMaker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_study(make_study(), None, None, False)
    study = make_study(changes={"analysis": {"declined": True}})
    across = AcrossRoles.of(study)
    assert across.files(STATISTICS_TABLES, "demo") is not None, "statistics went stale"
    run_study(study, None, ["declined", "warehouse"], False)
    with connect(study) as warehouse:
        rows = warehouse.execute("select role, n_responses, n_declining, share, reason from declined_roles")
        told = "only 0 of the anchor's answers decline; 5 are needed"
        assert rows.fetchall() == [(role, 6, 0, None, told) for role in ("default", "ghost", "pirate")]
    assert place_answers(across, "demo").keys() == {table.name for table in DECLINED_TABLES}

    names = tmp_path / "declining.jsonl"
    ids = ReadAnswers(across, "demo").ids(0).tolist()
    named = [{"role": "default", "response_id": one} for one in (ids[0], ids[1], ids[-1])]
    write_records(names, [*named, {"role": "pirate", "response_id": 77}])
    study = make_study(changes={"analysis": {"declined": True, "declining": str(names)}})
    monkeypatch.setattr(declined, "LEAST", 3)
    monkeypatch.setattr(declined, "_LEAST_LEFT", 1)
    monkeypatch.setattr(declined, "_apart", lambda *_: True)
    run_study(study, None, ["declined", "warehouse"], False)
    with connect(study) as warehouse:
        joined = warehouse.execute(
            "select s.role, count(*), avg(declined_score), count(*) filter (declined_score > 0.5), "
            "any_value(n_declining), any_value(share), any_value(n_placed), any_value(reason) "
            "from declined_scores as s join declined_roles using (sae, role) group by s.role order by s.role"
        ).fetchall()
    for role, n, mean, above, n_declining, share, n_placed, reason in joined:
        assert (n, n_declining, n_placed, reason) == (6, 3, 6, None), role
        assert mean == pytest.approx(0, abs=1e-6) and share == pytest.approx(above / 6)

    write_records(names, [{"role": "default", "response_id": 77}])
    with pytest.raises(StudyError, match=r"declining.jsonl:1: 'default' is asked for no response 77"):
        place_answers(AcrossRoles.of(study), "demo")
