"""Error rates where nothing is to be found but wordings that differ, and the power that is left.

The numbers of docs/statistics.md, smaller; whole wordings are drawn, never single answers.
"""

from __future__ import annotations

import numpy as np
import pytest

from tests.analysis.simulated import N_ROLES, contrasts, draw, fired, statistics


def rates(activations: np.ndarray) -> tuple[float, float, float]:
    """Shares of p < 0.001 and of q < 0.05, and how many effects' intervals hold 0, which is true."""
    table = contrasts(activations)
    known = table[table.effect_low.notna()]
    covers = (known.effect_low <= 0) & (known.effect_high >= 0)
    return (table.p < 0.001).mean(), (table.q < 0.05).mean(), covers.mean()


@pytest.mark.parametrize(
    ("wording", "interaction"),
    [(0.0, 0.0), (0.05, 0.05), (np.linspace(0, 0.4, N_ROLES) ** 2, 0.0)],
    ids=["nothing", "wordings and role x question", "more in some roles"],
)
def test_wordings_alone_are_no_finding(wording: float, interaction: float) -> None:
    often, false, covers = rates(fired(draw(np.random.default_rng(1), wording, interaction)))
    assert often <= 0.004
    assert false <= 0.001
    assert 0.93 <= covers <= 0.985


def test_wordings_that_all_repeat_one_answer_are_no_evidence_of_their_number() -> None:
    values = draw(np.random.default_rng(2))
    values[:] = values[:, :1]
    often, false, covers = rates(fired(values))
    assert often <= 0.004 and false <= 0.001 and covers >= 0.92


def test_one_role_alone_whose_wordings_repeat_one_answer_stands_out_no_more() -> None:
    values = draw(np.random.default_rng(3))
    values[0] = values[0, :1]
    table = contrasts(fired(values))
    assert (table[table.role == "role_00"].p < 0.05).mean() <= 0.12
    assert (table[table.role == "role_00"].p < 0.001).mean() <= 0.02


@pytest.mark.parametrize("density", [0.005, 0.02, 0.1])
def test_features_that_fire_seldom_and_by_wording_are_no_finding(density: float) -> None:
    wording = 0.5 if density < 0.01 else 0.05
    often, false, covers = rates(fired(draw(np.random.default_rng(4), wording, 0.05), density))
    assert often <= 0.004 and false <= 0.001
    assert np.isnan(covers) or covers >= 0.92


@pytest.mark.parametrize(("spread", "density"), [(1, 0.3), (2, 0.3), (3, 0.3), (2, 0.03), (1, 0.02)])
def test_intervals_of_features_with_heavy_tails_hold_what_is_true(spread: float, density: float) -> None:
    random = np.random.default_rng(11)
    values = draw(random, 0.014, 0.033, (N_ROLES, 5, 40, 100))
    heavy = np.exp(spread * random.normal(size=values.shape))
    often, false, covers = rates(np.where(fired(values, density) > 0, heavy, 0))
    assert often <= 0.004 and false <= 0.002 and covers >= 0.92


def test_auroc_s_interval_holds_a_half_where_only_wordings_differ() -> None:
    for density in (0.1, 1.0):
        table = contrasts(fired(draw(np.random.default_rng(5), 0.05, 0.05), density))
        known = table[table.auroc_low.notna()]
        assert len(known) > 0.9 * len(table)
        assert ((known.auroc_low <= 0.5) & (known.auroc_high >= 0.5)).mean() >= 0.92


def test_a_role_s_own_features_are_found_beside_its_wordings() -> None:
    values = draw(np.random.default_rng(6), 0.014, 0.033)
    values[0, ..., :50] += 0.6
    found = contrasts(fired(values)).set_index(["role", "feature_id"]).loc["role_00"]
    assert (found.q[:50] < 0.05).mean() >= 0.9
    assert (found.n_wordings_agree[:50] == 5).mean() >= 0.9
    assert (found.min_wording_auroc[:50] > 0.5).mean() >= 0.9


def test_variance_components_are_those_that_were_drawn() -> None:
    values = draw(np.random.default_rng(7), 0.2, 0.1, (12, 5, 40, 400))
    found = statistics(fired(values)).features.to_pandas().filter(like="component_").mean()
    expected = np.array([0, 0.09, 0.2, 0.1, 1]) / 1.39
    np.testing.assert_allclose(found, expected, atol=0.012)


def test_a_role_that_is_like_the_others_finds_nothing_among_roles_that_differ() -> None:
    random = np.random.default_rng(8)
    values = draw(random, 0.014, 0.033, (12, 5, 40, 400))
    for role in range(1, 12):
        values[role] += 0.6 * random.normal(size=400) * (random.random(400) < 0.7)
    source = random.integers(1, 12, values.shape[1:3])
    wording, question = np.indices(source.shape)
    values[0] = values[source, wording, question]
    table = contrasts(fired(values))
    own = table[table.role == "role_00"]
    assert (own.q < 0.05).sum() <= 1 < (own.q_pooled < 0.05).sum()
    assert (own.q_relevant < 0.05).sum() == 0


def test_what_one_role_alone_has_the_others_do_not_have_less_of() -> None:
    activations = fired(draw(np.random.default_rng(9), 0.014, 0.033), 0.8)
    activations[1:] = 0
    table = contrasts(activations).set_index("role")
    own, others = table.loc["role_00"], table.drop("role_00")
    assert (own.q_relevant < 0.05).all() and (own.role_rank == 1).all() and (others.role_rank == 2).all()
    assert not (others.q < 0.05).any() and not (others.q_relevant < 0.05).any()
    np.testing.assert_allclose(others.effect, 0, atol=1e-12)


def test_a_difference_up_to_the_smallest_effect_is_not_relevant() -> None:
    """At 240 questions a difference of 0.1 sd, AUROC 0.53, has a small p; one of 0.6 is relevant, too."""
    values = draw(np.random.default_rng(10), 0, 0, (12, 5, 240, 100))
    values[0, ..., :50] += 0.1
    values[0, ..., 50:] += 0.6
    table = contrasts(fired(values))
    own = table[table.role == "role_00"].set_index("feature_id")
    assert (own.q[:50] < 0.05).mean() > 0.4 and (own.q_relevant[:50] < 0.05).mean() == 0
    assert (own.q_relevant[50:] < 0.05).all()
