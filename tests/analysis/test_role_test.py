"""The audit's tables of selection, smaller: what is selected of noise, of wordings, and of roles."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from persona_assets.analysis.selection import Selection, select
from persona_assets.study.settings import AtlasSettings
from tests.analysis.simulated import draw, fired, statistics

KINDS = {"null": 150, "loud null": 60, "questions": 60, "wordings": 60, "faint role": 30, "loud role": 15}


def selected(activations: np.ndarray, **settings: object) -> Selection:
    return select(statistics(activations), AtlasSettings.model_validate(settings))


def of_six_kinds(random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return activations float[16, 5, 40, 375], and the kind of each feature."""
    kind = np.repeat(list(KINDS), list(KINDS.values()))
    roles, wordings, questions = 16, 5, 40
    values = random.normal(size=(roles, wordings, questions, len(kind)))
    of = {name: kind == name for name in KINDS}
    values[..., of["questions"]] += random.normal(size=(1, 1, questions, KINDS["questions"]))
    values[..., of["wordings"]] += random.normal(size=(roles, wordings, 1, KINDS["wordings"])) * 0.7
    for name in ("faint role", "loud role"):
        values[..., of[name]] += random.normal(size=(roles, 1, 1, KINDS[name])) * 0.5
    values += np.where(of["null"] | of["faint role"], -1, 1)
    loudness = np.where(of["loud null"] | of["loud role"], 8, np.where(of["faint role"], 0.2, 1))
    return np.maximum(values, 0) * loudness, kind


def test_of_six_kinds_the_features_of_roles_are_selected_however_loud_the_others_are() -> None:
    values, kind = of_six_kinds(np.random.default_rng(1))
    found, of_role = selected(values), np.char.endswith(kind, "role")
    assert average_precision_score(of_role, found.f) >= 0.95
    assert average_precision_score(of_role, found.score) >= 0.95
    assert average_precision_score(of_role, found.classic_score) < 0.5
    assert found.passed[of_role].mean() >= 0.95
    assert found.passed[~of_role].mean() <= 0.02
    assert of_role[found.selected[:40]].mean() >= 0.95


def test_stability_is_of_roles_and_not_of_their_wordings() -> None:
    values, kind = of_six_kinds(np.random.default_rng(2))
    for centring in (True, False):
        found = selected(values, question_centering=centring)
        median = {name: np.median(found.stability[kind == name]) for name in KINDS}
        assert all(abs(median[name]) < 0.25 for name in ("null", "loud null", "questions", "wordings"))
        assert min(median["faint role"], median["loud role"]) > 0.8
        assert np.median(found.classic_stability[kind == "wordings"]) > 0.6


@pytest.mark.parametrize("density", [0.02, 0.2, 1.0])
@pytest.mark.parametrize("wording", [0.0, 0.05])
def test_of_pure_noise_nothing_is_selected(density: float, wording: float) -> None:
    values = draw(np.random.default_rng(3), wording, 0.05, (12, 5, 40, 300))
    found = selected(fired(values, density))
    assert not found.passed.any() and len(found.selected) == 0
    assert found.classic_passed.mean() >= 0.45
