"""Effects against controls: how often chance is taken for an effect, and what is found that is there."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats

from persona_assets.steering.effects import effects, mean_of, rank_p
from persona_assets.steering.measuring import ANSWER_METRICS

N_CONTROLS, N_QUESTIONS = 99, 6


def readouts(
    random: np.random.Generator, n_targets: int, planted: float = 0.0, n_controls: int = N_CONTROLS
) -> list[dict[str, Any]]:
    """Targets drawn as their controls are: each has a size of its own, and questions scatter about it."""
    edits = [(None, f"feature {number}") for number in range(n_targets)]
    edits += [("feature", f"control {number}") for number in range(n_controls)]
    rows = []
    for control, target in edits:
        size = random.gamma(0.7) + (planted if target == "feature 0" else 0)
        sign = random.choice([-1, 1])
        for question in range(N_QUESTIONS):
            value = size * (1 + 0.3 * random.standard_normal())
            rows.append(
                {
                    "intervention": "one", "role": "pirate", "operation": "ablate", "strength": 1.0,
                    "control": control, "target": target, "feature_id": None, "response_id": question,
                    "kl": abs(value), "readout": sign * value, "loss": sign * value,
                }
            )  # fmt: skip
    return rows


def test_a_target_that_is_like_its_controls_is_taken_for_more_as_seldom_as_p_says() -> None:
    found = [
        row
        for seed in range(60)
        for row in effects(readouts(np.random.default_rng(seed), 20))
        if row["metric"] != "loss"
    ]
    p = np.array([row["p"] for row in found])
    # Targets of one run share its controls: 60 runs count, not 1,200 tests.
    by_run = (p.reshape(60, -1) < 0.05).mean(axis=1)
    assert by_run.mean() < 0.05 + 3 * by_run.std(ddof=1) / np.sqrt(60)
    assert by_run.mean() > 0.02  # and it can be
    assert np.mean([row["q"] < 0.05 for row in found]) < 0.01


def answers_given_anew(random: np.random.Generator, n_targets: int, changed: float) -> list[dict[str, Any]]:
    """As `readouts`, of answers of which an edit changes only some, and by chance in either direction."""
    rows = readouts(random, n_targets)
    for row in rows:
        is_other = random.random() < changed
        value = (row["readout"] + 2 * random.standard_normal()) * is_other
        row |= {"answer_readout": value, "answer_loss": value + 0.0, "answer_repetition": np.nan}
        row |= {"answer_score": np.nan}
    return rows


@pytest.mark.parametrize("changed", [0.1, 0.6])
def test_answers_that_seldom_change_are_not_taken_for_changed_more_often_than_p_says(changed: float) -> None:
    found = [
        row["p"]
        for seed in range(60)
        for row in effects(answers_given_anew(np.random.default_rng(seed), 20, changed), ANSWER_METRICS)
        if row["metric"] == "answer_readout"
    ]
    by_run = (np.array(found).reshape(60, -1) < 0.05).mean(axis=1)
    assert by_run.mean() < 0.05 + 3 * by_run.std(ddof=1) / np.sqrt(60)
    assert by_run.mean() > 0.02


def test_an_interval_of_answers_that_seldom_change_is_short_and_of_none_that_change_there_is_none() -> None:
    """As docs/interventions.md says: 86 of 100 hold the truth where a third of the answers change."""
    random, held, n_intervals = np.random.default_rng(1), 0, 0
    for _ in range(2000):
        is_other = random.random(N_QUESTIONS) < 1 / 3
        mean = mean_of(is_other * (1 + random.standard_normal(N_QUESTIONS)))
        if is_other.any():
            n_intervals += 1
            held += mean.low <= 1 / 3 <= mean.high
        else:
            assert mean.effect == 0 and np.isnan(mean.low)
    assert held / n_intervals == pytest.approx(0.86, abs=0.03)


def scores(random: np.random.Generator, shape: tuple[int, ...], shift: Any = 0.0) -> Any:
    """How a judge's scores, from 0 to 3, of answers under an edit differ from those at strength 0."""
    plain = random.choice(4, shape, p=[0.5, 0.3, 0.15, 0.05])
    edited = np.clip(np.round(plain + shift + random.standard_normal(shape)), 0, 3)
    return edited - plain


def test_scores_that_differ_as_their_controls_do_are_taken_for_more_no_more_often_than_p_says() -> None:
    """They are whole numbers: many controls do just as much, which only makes p larger."""
    by_run = []
    for seed in range(60):
        rows, random = readouts(np.random.default_rng(seed), 20), np.random.default_rng(seed)
        drawn = scores(random, (len(rows),))
        given = [row | {"answer_score": one} for row, one in zip(rows, drawn, strict=True)]
        found = effects(given, {"answer_score": True})
        by_run.append(np.mean([row["p"] < 0.05 for row in found]))
    assert np.mean(by_run) < 0.05 + 3 * np.std(by_run, ddof=1) / np.sqrt(60)
    assert np.mean(by_run) > 0.005  # and it can be


def test_scores_that_an_edit_raises_are_found_and_seldom_others() -> None:
    found = []
    for seed in range(12):
        rows = readouts(np.random.default_rng(seed), 10, n_controls=399)
        raised = np.where([row["target"] == "feature 0" for row in rows], 4.0, 0.0)
        drawn = scores(np.random.default_rng(seed), (len(rows),), raised)
        given = [row | {"answer_score": one} for row, one in zip(rows, drawn, strict=True)]
        found += [row["target"] for row in effects(given, {"answer_score": True}) if row["q"] < 0.05]
    others = len(found) - found.count("feature 0")
    assert found.count("feature 0") >= 10 and others / len(found) < 0.2


@pytest.mark.parametrize(("shift", "share"), [(0.0, 0.98), (1.5, 0.935)])
def test_an_interval_of_six_scores_holds_the_truth_as_often_as_the_docs_say(
    shift: float, share: float
) -> None:
    random = np.random.default_rng(1)
    truth = scores(np.random.default_rng(9), (10**6,), shift).mean()
    means = [mean_of(scores(random, (N_QUESTIONS,), shift)) for _ in range(2000)]
    told = [one.low <= truth <= one.high for one in means if not np.isnan(one.low)]
    assert len(told) > 1900 and np.mean(told) == pytest.approx(share, abs=0.015)


def test_a_planted_effect_is_found_and_alone() -> None:
    found = effects(readouts(np.random.default_rng(2), 10, planted=20, n_controls=399))
    sure = {(row["metric"], row["target"]) for row in found if row["p"] == 1 / 400}
    assert sure >= {("kl", "feature 0"), ("readout", "feature 0")}
    assert {row["target"] for row in found if row["q"] < 0.05} == {"feature 0"}
    [row] = [row for row in found if row["metric"] == "kl" and row["target"] == "feature 0"]
    assert row["low"] < row["effect"] < row["high"] and row["effect"] > row["control_high"]


def test_an_interval_holds_the_truth_as_often_as_it_says() -> None:
    random, held = np.random.default_rng(1), 0
    for _ in range(2000):
        mean = mean_of(3 + random.standard_normal(N_QUESTIONS))
        held += mean.low <= 3 <= mean.high
    assert stats.binomtest(held, 2000, 0.95).pvalue > 0.001


def test_a_p_counts_the_controls_that_do_as_much() -> None:
    controls = np.array([-3.0, -1.0, 0.0, 2.0])
    assert rank_p(2.5, controls, two_sided=True) == pytest.approx(2 / 5)
    assert rank_p(2.5, controls, two_sided=False) == pytest.approx(1 / 5)
    assert np.isnan(rank_p(1.0, controls[:0], two_sided=True))


def test_one_question_has_no_interval() -> None:
    assert np.isnan(mean_of(np.array([1.0])).low)


def test_what_is_no_number_is_never_the_surest() -> None:
    controls = np.array([0.5, np.nan, 0.1])
    assert np.isnan(rank_p(np.nan, controls, two_sided=True))
    assert rank_p(1.0, controls, two_sided=True) == pytest.approx(2 / 4)
    assert rank_p(1.0, controls, two_sided=False) == pytest.approx(2 / 4)


def test_a_loss_that_no_answer_has_is_left_out_and_one_of_some_counts_these() -> None:
    rows = readouts(np.random.default_rng(3), 4)
    none = [row | {"loss": np.nan} for row in rows]
    assert {row["metric"] for row in effects(none)} == {"kl", "readout"}
    some = [row | ({"loss": np.nan} if row["response_id"] < 2 else {}) for row in rows]
    counts = {row["metric"]: row["n_questions"] for row in effects(some)}
    assert counts == {"kl": N_QUESTIONS, "readout": N_QUESTIONS, "loss": N_QUESTIONS - 2}
    one = [row | ({"loss": np.nan} if row["target"] == "feature 0" else {}) for row in rows]
    found = [row for row in effects(one) if row["metric"] == "loss"]
    assert {row["target"] for row in found} == {"feature 1", "feature 2", "feature 3"}
    assert all(row["p"] >= 1 / (1 + N_CONTROLS) and np.isfinite(row["q"]) for row in found)
