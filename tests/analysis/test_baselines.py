"""Plain methods that tell a role from others: chance without a difference, and what is planted is found."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from scipy import sparse
from sklearn.metrics import roc_auc_score

from persona_assets.analysis.answers import Answers, ReadAnswers
from persona_assets.analysis.baselines import METHODS, RESIDUAL, Baseline, baselines
from persona_assets.analysis.baselines_stage import compare_baselines
from persona_assets.cli.run import run_study
from persona_assets.lake.schema import ROLE_BASELINES, STATISTICS_TABLES
from persona_assets.stages.across_roles import AcrossRoles
from persona_assets.warehouse import connect
from tests.conftest import StudyMaker

N_ROLES, N_WORDINGS, N_QUESTIONS, D_SAE = 6, 4, 20, 60
ROLE, PLANTED = 1, 7
TURNED = np.linalg.qr(np.random.default_rng(0).normal(size=(D_SAE, D_SAE)))[0]  # features in the stream
WITHOUT_VECTORS = [name for name in METHODS if name != RESIDUAL]
WORDS = np.array([f"word{number}" for number in range(200)])


def answers(random: np.random.Generator, difference: float = 0.0) -> Answers:
    """Of every role, wording and question one; a role's wordings and all roles' questions differ."""
    shape = range(N_ROLES), range(N_WORDINGS), range(N_QUESTIONS)
    role, wording, question = (axis.ravel() for axis in np.meshgrid(*shape, indexing="ij"))
    values = random.normal(size=(len(role), D_SAE))
    values += 0.3 * random.normal(size=(N_ROLES, N_WORDINGS, D_SAE))[role, wording]
    values += 0.5 * random.normal(size=(N_QUESTIONS, D_SAE))[question]
    values[role == ROLE, PLANTED] += difference
    texts = [" ".join(random.choice(WORDS, 20)) for _ in role]
    features = sparse.csr_matrix(np.maximum(values - 0.5, 0).astype(np.float32))
    return Answers(features, texts, role, wording, question, (values @ TURNED).astype(np.float32))


def halves(random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    return tuple(random.permutation(n) < n // 2 for n in (N_WORDINGS, N_QUESTIONS))  # type: ignore[return-value]


def found(of: Answers, random: np.random.Generator) -> dict[str, Baseline]:
    return {one.method: one for one in baselines(of, ROLE, halves(random))}


def test_without_a_difference_all_is_chance_and_intervals_say_so() -> None:
    random = np.random.default_rng(3)
    aurocs, covers = defaultdict(list), defaultdict(list)
    for _ in range(30):
        for method, one in found(answers(random), random).items():
            aurocs[method].append(one.auroc)
            covers[method].append(one.low <= 0.5 <= one.high)
    assert list(aurocs) == list(METHODS)
    for method, values in aurocs.items():
        assert abs(np.mean(values) - 0.5) < 4 * np.std(values) / np.sqrt(len(values)), method
    assert np.mean(list(covers.values())) > 0.9


def test_a_planted_feature_is_found_and_its_auroc_is_that_of_the_parts() -> None:
    random = np.random.default_rng(4)
    of, (of_wordings, of_questions) = answers(random, 2.5), halves(random)
    told = {one.method: one for one in baselines(of, ROLE, (of_wordings, of_questions))}
    assert told["feature"].features == [PLANTED] and told["probe_5"].features[0] == PLANTED
    part = 2 * of_wordings[of.wording] + of_questions[of.question]
    column, own = of.features[:, PLANTED].toarray()[:, 0], of.role == ROLE
    expected = [
        (roc_auc_score(own[part == one], column[part == one]), own[part == one].sum()) for one in range(4)
    ]
    assert told["feature"].auroc == pytest.approx(
        np.average([auroc for auroc, _ in expected], weights=[n for _, n in expected])
    )
    assert told["words"].low < 0.5 < told["words"].high < told["feature"].low
    assert (told["feature"].n, told["feature"].n_others) == (80, 400)


def test_words_are_found_where_the_features_say_nothing() -> None:
    random = np.random.default_rng(5)
    of = answers(random)
    spoken = [
        f"{text} arr matey" if role == ROLE else text for text, role in zip(of.texts, of.role, strict=True)
    ]
    told = found(Answers(of.features, spoken, of.role, of.wording, of.question), random)
    assert told["words"].auroc > 0.99 and {"arr", "matey", "arr matey"} <= set(told["words"].terms)
    assert told["feature"].low < 0.5 < told["feature"].high


@pytest.mark.parametrize("known_by", ["wording", "question"])
def test_what_is_true_of_a_wording_or_a_question_alone_helps_nobody(known_by: str) -> None:
    """Every answer of the role holds a word that only its wording, or its question, has."""
    random = np.random.default_rng(6)
    of = answers(random)
    name = getattr(of, known_by)
    marked = [
        f"{text} mark{at}" if role == ROLE else text
        for text, role, at in zip(of.texts, of.role, name, strict=True)
    ]
    told = found(Answers(of.features, marked, of.role, of.wording, of.question), random)
    assert told["words"].low < 0.5 < told["words"].high


def test_nothing_is_told_where_a_part_lacks_the_role() -> None:
    random = np.random.default_rng(7)
    of, (wordings, questions) = answers(random), halves(random)
    kept = np.flatnonzero((of.role != ROLE) | wordings[of.wording])
    assert list(baselines(of.of(kept), ROLE, (wordings, questions))) == []


def test_one_wording_is_parted_by_questions_alone() -> None:
    random = np.random.default_rng(8)
    of = answers(random, 2.5)
    one = of.of(np.flatnonzero(of.wording == 0))
    told = {each.method: each for each in baselines(one, ROLE, halves(random))}
    assert told["feature"].features == [PLANTED] and told["feature"].n == N_QUESTIONS


def test_baselines_are_made_by_a_run_and_make_nothing_stale(make_study: StudyMaker) -> None:
    run_study(make_study(), None, None, False)
    study = make_study(changes={"analysis": {"baselines": True}})
    across = AcrossRoles.of(study)
    assert across.files(STATISTICS_TABLES, "demo") is not None, "statistics went stale"
    run_study(study, None, ["baselines", "warehouse"], False)
    with connect(study) as warehouse:
        told = warehouse.execute(
            "select role, method, n, n_others, low <= auroc and auroc <= high from role_baselines"
        )
        rows = told.fetchall()
    expected = product(("default", "ghost", "pirate"), WITHOUT_VECTORS)
    assert [row[:2] for row in rows] == list(expected) and all(row[2:] == (6, 12, True) for row in rows)
    assert compare_baselines(across, "demo").keys() == {"role_baselines"}


def test_a_difference_that_only_the_residual_stream_holds_is_found_there_alone() -> None:
    random = np.random.default_rng(11)
    of = answers(random)
    assert of.vectors is not None
    planted = of.vectors + 5 * (of.role == ROLE)[:, None] * TURNED[PLANTED].astype(np.float32)
    told = found(replace(of, vectors=planted), random)
    assert told[RESIDUAL].low > 0.7 > told["mean_difference"].auroc
    assert RESIDUAL not in found(replace(of, vectors=None), random)


def test_a_run_judges_by_the_vectors_of_responses_where_they_are_kept(make_study: StudyMaker) -> None:
    stages = ["responses", "activations", "baselines"]
    plain = make_study(changes={"analysis.baselines": True})
    run_study(plain, None, stages, False)
    before = AcrossRoles.of(plain).file(ROLE_BASELINES, "demo")
    assert before is not None
    assert set(plain.lake.read(ROLE_BASELINES, before)["method"].to_pylist()) == set(WITHOUT_VECTORS)
    study = make_study(changes={"analysis.baselines": True, "extraction.vectors": "response"})
    run_study(study, None, stages, False)
    across = AcrossRoles.of(study)
    after = across.file(ROLE_BASELINES, "demo")
    assert after is not None and after != before
    assert set(study.lake.read(ROLE_BASELINES, after)["method"].to_pylist()) == set(METHODS)
    reading = ReadAnswers(across, "demo", vectors=True)
    some = reading.answers(1, reading.ids(1)[1:3])
    whole = reading.answers(1)
    assert whole.vectors is not None and some.vectors is not None
    np.testing.assert_array_equal(some.vectors, whole.vectors[1:3])
