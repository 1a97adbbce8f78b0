"""A study's own contrasts: error rates where nothing is to be found, what is found, what cannot be told.

The numbers of docs/statistics.md, smaller.
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from threading import Lock
from time import sleep
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from scipy.stats import mannwhitneyu, ttest_ind

from persona_assets.analysis import group_sums, reading
from persona_assets.analysis import own_contrasts as module
from persona_assets.analysis.design import read_design
from persona_assets.analysis.layout import layout
from persona_assets.analysis.own_contrasts import own_contrasts
from persona_assets.lake.parquet import write_parquet
from persona_assets.lake.schema import ACTIVATIONS
from persona_assets.study.contrasts import Groups
from tests.analysis.dense import DenseRole, grid, make_roles, with_holes, write
from tests.analysis.simulated import draw, fired

ROLES = [f"role_{at:02}" for at in range(12)]
HALVES = Groups("roles", ROLES[:6], ROLES[6:], ROLES)
FEW = Groups("roles", ROLES[:3], ROLES[3:], ROLES)
WORDINGS = Groups("wordings", [0, 1], [2, 3, 4], ROLES)
QUESTIONS = Groups("questions", list(range(15)), list(range(15, 40)), ROLES)
OF_ONE = Groups("wordings", [0, 1], [2, 3, 4], ROLES[:1])
PAIR = Groups("roles", ROLES[:1], ROLES[1:2], ROLES[:2])
ALL = {
    "halves": HALVES,
    "few": FEW,
    "wordings": WORDINGS,
    "questions": QUESTIONS,
    "of_one": OF_ONE,
    "pair": PAIR,
}


def contrasted(
    activations: np.ndarray, groups: dict[str, Groups] = ALL, folder: Path | None = None
) -> dict[str, pd.DataFrame]:
    """Return the rows of each contrast of float[n_roles, n_wordings, n_questions, n_features] by feature."""
    import tempfile

    n_roles, wordings, questions, features = activations.shape
    ids = grid(tuple(range(wordings)), tuple(range(questions)))
    flat = activations.reshape(n_roles, -1, features).astype(np.float32)
    roles = [
        DenseRole(name, ids, own, own, np.full(len(ids), 50)) for name, own in zip(ROLES, flat, strict=False)
    ]
    with tempfile.TemporaryDirectory() as place:
        made = own_contrasts(groups, write(Path(place), roles), features, aligned=True, smallest_effect=0.05)
    table = made["contrast_features"].to_pandas()
    return {name: table[table.contrast == name].set_index("feature_id") for name in groups}


def rates(table: pd.DataFrame) -> tuple[float, float, float, float]:
    known = table[table.effect_low.notna()]
    covers = (known.effect_low <= 0) & (known.effect_high >= 0)
    ranked = (known.auroc_low <= 0.5) & (known.auroc_high >= 0.5)
    return (table.p < 0.001).mean(), (table.q < 0.05).mean(), covers.mean(), ranked.mean()


SHAPE = 12, 5, 40, 150


@pytest.mark.parametrize(
    ("wording", "interaction", "of_roles", "density"),
    [(0.014, 0.033, 0.0, 1.0), (0.05, 0.05, 0.05, 0.1), (0.05, 0.05, 0.0, 0.02)],
)
def test_units_that_differ_are_no_finding(
    wording: float, interaction: float, of_roles: float, density: float
) -> None:
    random = np.random.default_rng(1)
    values = draw(random, wording, interaction, SHAPE)
    values += np.sqrt(of_roles) * random.normal(size=(12, 1, 1, 150))
    found = contrasted(fired(values, density))
    if of_roles:
        del found["pair"]  # these two roles do differ; roles like them need not
    told = {name: rates(table) for name, table in found.items()}
    assert max(often for often, *_ in told.values()) <= 0.02
    assert np.mean([often for often, *_ in told.values()]) <= 0.002
    assert np.mean([false for _, false, *_ in told.values()]) <= 0.001
    assert min(min(one[2:]) for one in told.values()) >= 0.9
    assert np.mean([one[2] for one in told.values()]) >= 0.93
    assert np.mean([one[3] for one in told.values()]) >= 0.93


def test_what_single_roles_have_is_no_finding_of_their_group() -> None:
    """Two of twelve roles, one of which has features of its own: as SAE features are, not normal."""
    values = draw(np.random.default_rng(2), 0.014, 0.033, SHAPE)
    values[0, ..., :75] += 2
    two = contrasted(fired(values, 0.3), {"two": Groups("roles", ROLES[:2], ROLES[2:], ROLES)})["two"]
    assert (two.q[:75] < 0.05).mean() == 0


def test_wordings_are_compared_within_their_roles_however_much_these_differ() -> None:
    random = np.random.default_rng(10)
    values = draw(random, 0.014, 0.033, SHAPE) + 3 * random.normal(size=(12, 1, 1, 150))
    values[:, :2, ..., :50] += 0.4
    table = contrasted(fired(values), {"wordings": WORDINGS})["wordings"]
    assert (table.q[:50] < 0.05).mean() >= 0.9


def test_a_role_that_lacks_questions_is_compared_on_those_that_it_answered(tmp_path: Path) -> None:
    random = np.random.default_rng(11)
    ids = grid((0, 1), tuple(range(20)))
    questions = 5 * random.random((20, 30))[ids % 100_000] + 6
    roles = []
    for name in ROLES[:6]:
        values = (questions + 0.1 * random.normal(size=questions.shape)).astype(np.float32)
        roles.append(DenseRole(name, ids, values, values, np.full(len(ids), 50)))
    roles[0] = roles[0].only(roles[0].question < 8)
    groups = {"half": Groups("roles", ROLES[:3], ROLES[3:6], ROLES[:6])}
    made = own_contrasts(groups, write(tmp_path, roles), 30, aligned=True, smallest_effect=0.05)
    table = made["contrast_features"].to_pandas()
    assert table.effect.abs().max() < 0.1 and (table.effect_high - table.effect_low).max() < 0.3


def test_a_group_that_repeats_one_answer_in_all_wordings_has_no_more_evidence_by_that() -> None:
    values = draw(np.random.default_rng(3), 0, 0, SHAPE)
    values[:] = values[:, :1]
    for table in contrasted(fired(values), {"pair": PAIR, "questions": QUESTIONS}).values():
        often, false, covers, ranked = rates(table)
        assert often <= 0.01 and false <= 0.001 and covers >= 0.9 and ranked >= 0.9


@pytest.mark.parametrize("name", ["halves", "few", "wordings", "questions", "pair"])
def test_what_was_planted_is_found_in_every_kind_of_contrast(name: str) -> None:
    values = draw(np.random.default_rng(4), 0.014, 0.033, SHAPE)
    more = {"halves": np.s_[:6], "few": np.s_[:3], "wordings": np.s_[:, :2], "pair": np.s_[:1]}
    values[more.get(name, np.s_[:, :, :15])][..., :50] += 0.8
    table = contrasted(fired(values), {name: ALL[name]})[name]
    assert (table.q[:50] < 0.05).mean() >= 0.9 and (table.q[50:] < 0.05).mean() <= 0.05
    covers = (table.effect_low[:50] <= 0.8) & (table.effect_high[:50] >= 0.8)
    assert covers.mean() >= 0.86 and (table.auroc_low[:50] > 0.5).mean() >= 0.9


def test_answers_that_no_two_groups_share_have_an_interval_of_auroc() -> None:
    values = draw(np.random.default_rng(5), 0, 0, (12, 5, 40, 20))
    values[:6] += 20
    table = contrasted(np.maximum(values, 0), {"halves": HALVES})["halves"]
    assert (table.auroc > 0.99).all() and table.auroc_low.between(0.9, 0.9999).all()


@pytest.mark.parametrize("holes", [False, True])
def test_effect_auroc_and_rates_are_those_of_the_plain_way(tmp_path: Path, holes: bool) -> None:
    random = np.random.default_rng(6)
    roles = make_roles(random)
    roles = with_holes(random, roles) if holes else roles
    names = [role.name for role in roles]
    groups = {
        "roles": Groups("roles", names[:2], names[2:], names),
        "wordings": Groups("wordings", [0], [1, 4], names[1:]),
        "questions": Groups("questions", [0, 7], [3, 8], names),
    }
    made = own_contrasts(groups, write(tmp_path, roles), 12, aligned=True, smallest_effect=0.05)
    table = made["contrast_features"].to_pandas()
    for name, one in groups.items():
        sides = []
        for members in (one.group, one.against):
            chosen = [
                role.values[
                    np.isin({"wordings": role.variant, "questions": role.question}.get(name), members)
                ]
                if name != "roles"
                else role.values
                for role in roles
                if role.name in (members if name == "roles" else one.within)
            ]
            sides.append(np.concatenate(chosen).astype(float))
        of = table[table.contrast == name].set_index("feature_id")
        assert set(of.index) == set(np.flatnonzero((np.concatenate(sides) > 0).any(axis=0)))
        for feature, row in of.iterrows():
            own, other = (side[:, feature] for side in sides)
            expected = mannwhitneyu(own, other).statistic / (len(own) * len(other))
            assert row.auroc == pytest.approx(expected)
            assert row.firing_rate_group == pytest.approx((own > 0).mean(), rel=1e-6)
            assert row.firing_rate_against == pytest.approx((other > 0).mean(), rel=1e-6)
            if not holes:
                assert row.effect == pytest.approx(own.mean() - other.mean(), abs=1e-9)
                assert row.mean_group == pytest.approx(own.mean())


def test_numbers_do_not_depend_on_how_many_features_are_brought_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    random = np.random.default_rng(12)
    sources = write(tmp_path, with_holes(random, make_roles(random)))
    names = [source.role for source in sources]
    groups = {
        "roles": Groups("roles", names[:2], names[2:], names),
        "wordings": Groups("wordings", [0], [1, 4], names[1:]),
    }
    for source in sources:
        table = pq.read_table(source.activations)
        write_parquet(replace(ACTIVATIONS, row_group_size=40), table, Path(source.activations))
    whole = own_contrasts(groups, sources, 12, aligned=True, smallest_effect=0.05)["contrast_features"]
    monkeypatch.setattr(reading, "MAX_FEATURES", 2)
    monkeypatch.setattr(group_sums, "MAX_ENTRIES", 150)
    parts = own_contrasts(groups, sources, 12, aligned=True, smallest_effect=0.05)["contrast_features"]
    pd.testing.assert_frame_equal(whole.to_pandas(), parts.to_pandas(), rtol=1e-13, atol=1e-13)


def test_roles_that_share_no_questions_are_compared_by_welch_s_test(tmp_path: Path) -> None:
    random = np.random.default_rng(7)
    roles = make_roles(random, n_roles=7)
    names = [role.name for role in roles]
    groups = {"few": Groups("roles", names[:3], names[3:], names)}
    made = own_contrasts(groups, write(tmp_path, roles), 12, aligned=False, smallest_effect=0.05)
    means = np.stack([role.values.astype(float).mean(axis=0) for role in roles])
    table = made["contrast_features"].to_pandas().set_index("feature_id").loc[4:]
    expected = ttest_ind(means[:3], means[3:], equal_var=False).pvalue[table.index]
    np.testing.assert_allclose(table.p, expected)
    assert made["contrasts"].to_pylist()[0]["crossed"] is None


def test_what_cannot_be_told_is_said(tmp_path: Path) -> None:
    random = np.random.default_rng(8)
    roles = make_roles(random)
    names = [role.name for role in roles]
    groups = {
        "one_wording": Groups("wordings", [0], [1], names[:1]),
        "one_role": Groups("roles", names[:1], names[1:], names),
        "pair": Groups("roles", names[:1], names[1:2], names[:2]),
        "to_come": Groups("roles", names[:1], ["not_answered_yet"], names[:1]),
    }
    made = own_contrasts(groups, write(tmp_path, roles), 12, aligned=True, smallest_effect=0.05)
    told = {one["contrast"]: one for one in made["contrasts"].to_pylist()}
    table = made["contrast_features"].to_pandas().set_index("contrast")
    assert "nothing tells how much wordings differ" in told["one_wording"]["note"]
    assert table.loc["one_wording", ["effect_low", "p", "q", "auroc_low"]].isna().all(axis=None)
    assert table.loc["one_wording", "auroc"].notna().all()
    assert "taken to vary as those of the other do" in told["one_role"]["note"]
    assert table.loc["one_role", "p"].notna().any()
    assert told["pair"]["unit"] == "wording" and "nothing of roles like these" in told["pair"]["note"]
    assert "has no responses yet" in told["to_come"]["note"] and "to_come" not in table.index
    units = made["contrast_groups"].to_pandas()
    assert (units[units.contrast == "pair"].n_responses == 5).all()


def test_a_role_that_lacks_a_wording_is_left_out_of_what_compares_wordings(tmp_path: Path) -> None:
    roles = make_roles(np.random.default_rng(9))
    roles[0] = roles[0].only(roles[0].variant != 4)
    design = read_design(write(tmp_path, roles))
    of = layout(Groups("wordings", [0, 1], [4], design.roles), design, aligned=True)
    assert {unit.role for unit in of.units} == set(design.roles[1:])
    np.testing.assert_allclose(of.weights[of.side_of == 0].sum(), 1)


def test_two_contrasts_are_summed_at_once_however_many_cores_there_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    of_features, lock, at_once = module._of_features, Lock(), [0, 0]  # now, and at most

    def counted(*given: Any, **named: Any) -> Any:
        with lock:
            at_once[0] += 1
            at_once[1] = max(at_once)
        sleep(0.05)
        try:
            return of_features(*given, **named)
        finally:
            with lock:
                at_once[0] -= 1

    monkeypatch.setattr(os, "cpu_count", lambda: 8)
    monkeypatch.setattr(module, "_of_features", counted)
    groups = {f"halves {at}": HALVES for at in range(6)}
    contrasted(fired(draw(np.random.default_rng(0), shape=(12, 2, 4, 3))), groups)
    assert at_once == [0, 2]
