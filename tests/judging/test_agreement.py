from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from persona_assets.cli.judges import print_agreement
from persona_assets.judging.agreement import agreements, kappa, ordinal_alpha, weighted_kappa
from persona_assets.warehouse import publish
from tests.conftest import StudyMaker
from tests.judging.test_stage import land, study_with


def test_kappa_is_that_of_a_table_worked_by_hand() -> None:
    table = np.array([[20.0, 5], [10, 15]])  # agreement 0.7, by chance 0.5
    assert kappa(table) == pytest.approx(0.4)
    assert weighted_kappa(table) == pytest.approx(0.4)
    ends = np.array([[10.0, 0, 0], [0, 10, 0], [5, 0, 5]])  # seen 5 x 4 / 30, by chance (30 x 4 + ...) / 900
    rows, columns = ends.sum(axis=1), ends.sum(axis=0)
    squares = (np.arange(3)[:, None] - np.arange(3)) ** 2
    by_chance = (np.outer(rows, columns) * squares).sum() / 900
    assert weighted_kappa(ends) == pytest.approx(1 - (20 / 30) / by_chance)


def test_alpha_is_that_of_krippendorffs_own_example() -> None:
    """His four observers of twelve units, with gaps: 0.815 for ordered values."""
    gap = -1
    observers = {
        "A": [1, 2, 3, 3, 2, 1, 4, 1, 2, gap, gap, gap],
        "B": [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, gap, 3],
        "C": [gap, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, gap],
        "D": [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, gap],
    }
    scores = {name: np.array([value - (value > 0) for value in given]) for name, given in observers.items()}
    *_, alpha = agreements(scores, np.arange(12))
    assert (alpha.measure, alpha.n_responses) == ("alpha, ordinal", 11)
    assert alpha.value == pytest.approx(0.815, abs=5e-4)


def test_one_score_for_all_answers_leaves_agreement_undefined() -> None:
    same = np.full(9, 2)
    assert all(
        np.isnan([one.value, one.low]).all() for one in agreements({"a": same, "b": same}, np.arange(9))
    )
    assert np.isnan(ordinal_alpha(np.zeros((4, 4))))


def test_intervals_cover_the_agreement_where_answers_to_a_question_are_alike() -> None:
    """Two judges hear one quality with noise; a question's 10 answers share a part of it."""
    random = np.random.default_rng(3)

    def drawn(n_questions: int) -> tuple[dict[str, np.ndarray], np.ndarray]:
        questions = np.repeat(np.arange(n_questions), 10)
        quality = random.normal(size=n_questions)[questions] + random.normal(size=len(questions))
        heard = quality + random.normal(size=(2, len(questions)))
        places = np.digitize(heard, [-1.5, 0, 1.5])
        return {"a": places[0], "b": places[1]}, questions

    truth = [one.value for one in agreements(*drawn(40_000), n_draws=2)]
    covered = np.zeros(3)
    for _ in range(200):
        found = agreements(*drawn(60), n_draws=300)
        covered += [one.low <= true <= one.high for one, true in zip(found, truth, strict=True)]
    assert (covered / 200 >= 0.90).all() and (covered / 200 <= 0.985).all()


def test_the_command_tells_how_far_a_studys_judges_agree(
    make_study: StudyMaker, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ids = [variant * 100_000 + question for variant in range(3) for question in range(100)]
    for name, of in {"one": lambda n: n % 4, "two": lambda n: n % 4, "three": lambda n: n // 2 % 4}.items():
        lines = [{"role": "pirate", "response_id": at, "score": of(at)} for at in ids]
        (tmp_path / f"{name}.jsonl").write_text("\n".join(map(json.dumps, lines)))
    judges = {name: {"file": str(tmp_path / f"{name}.jsonl")} for name in ("one", "two", "three")}
    study = study_with(make_study, judges)
    n = len(land(study)) // 3
    publish(study)
    print_agreement(study, "json")
    shown = {(one["judges"], one["measure"]): one for one in json.loads(capsys.readouterr().out)}
    assert len(shown) == 7
    assert shown["one, two", "kappa"]["value"] == 1 and shown["one, two", "kappa"]["n_responses"] == n
    assert shown["one, three", "kappa"]["value"] < 1 and shown["all", "alpha, ordinal"]["n_responses"] == n
