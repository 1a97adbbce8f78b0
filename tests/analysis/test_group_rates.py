"""A study's own contrasts per token: nothing where answers are only longer, and what is more."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from persona_assets.analysis.design import RoleSource, read_design
from persona_assets.analysis.layout import layout
from persona_assets.analysis.own_contrasts import own_contrasts
from persona_assets.study.contrasts import Groups
from tests.analysis.dense import DenseRole, grid, make_roles, with_holes, write

WORDINGS, QUESTIONS, N_FEATURES = 5, 40, 150
RATES = np.geomspace(0.0005, 0.3, N_FEATURES)
ROLES = [f"role_{at:02}" for at in range(12)]
CASES: dict[str, tuple[Groups, Any]] = {
    "halves": (Groups("roles", ROLES[:6], ROLES[6:], ROLES), np.s_[:6]),
    "few": (Groups("roles", ROLES[:3], ROLES[3:], ROLES), np.s_[:3]),
    "one": (Groups("roles", ROLES[:1], ROLES[1:], ROLES), np.s_[:1]),
    "wordings": (Groups("wordings", [0, 1], [2, 3, 4], ROLES), np.s_[:, :2]),
    "questions": (Groups("questions", list(range(15)), list(range(15, 40)), ROLES), np.s_[:, :, :15]),
    "pair": (Groups("roles", ROLES[:1], ROLES[1:2], ROLES[:2]), np.s_[:1]),
}


def answers(group: Any, longer: float, planted: float = 1.0, seed: int = 0) -> list[DenseRole]:
    """Twelve roles; answers of the `group` are `longer` times as long, and otherwise equally often active.

    In it the rate of every third feature is times `planted`. Wordings, and role x question, have a variance
    of 0.05 in logarithms of the rate, an answer 0.3.
    """
    random = np.random.default_rng(seed)
    shape = len(ROLES), WORDINGS, QUESTIONS
    usual = np.full(shape, 50.0)
    usual[group] *= longer
    tokens = np.maximum(random.lognormal(np.log(usual), 0.3), 5).astype(int)
    log = 0.3 * random.normal(size=(1, 1, QUESTIONS, N_FEATURES))
    log = log + np.sqrt(0.3) * random.normal(size=(*shape, N_FEATURES))
    log += np.sqrt(0.05) * random.normal(size=(len(ROLES), WORDINGS, 1, N_FEATURES))
    log += np.sqrt(0.05) * random.normal(size=(len(ROLES), 1, QUESTIONS, N_FEATURES))
    log[group][..., ::3] += np.log(planted)
    active = random.binomial(tokens[..., None], np.minimum(RATES * np.exp(log), 0.95)).astype(np.int32)
    values = (active / tokens[..., None]).astype(np.float32)
    ids = grid(tuple(range(WORDINGS)), tuple(range(QUESTIONS)))
    flat = (len(ids), N_FEATURES)
    return [
        DenseRole(name, ids, own.reshape(flat), own.reshape(flat), length.ravel(), counts.reshape(flat))
        for name, own, length, counts in zip(ROLES, values, tokens, active, strict=True)
    ]


def compared(sources: list[RoleSource], groups: Groups, n_features: int = N_FEATURES) -> pd.DataFrame:
    made = own_contrasts({"one": groups}, sources, n_features, aligned=True, smallest_effect=0.05)
    return made["contrast_features"].to_pandas().set_index("feature_id")


@pytest.mark.parametrize("longer", [3.0, 1 / 3])
def test_a_group_whose_answers_are_only_longer_is_active_no_more_per_token(
    tmp_path: Path, longer: float
) -> None:
    told = []
    for name, (groups, group) in CASES.items():
        folder = tmp_path / name
        folder.mkdir()
        table = compared(write(folder, answers(group, longer)), groups)
        known = table[table.rate_p.notna()]
        bounded = known[known.rate_ratio_low.notna()]
        holds = ((bounded.rate_ratio_low <= 1) & (bounded.rate_ratio_high >= 1)).mean()
        assert len(known) > 0.9 * len(table) and len(bounded) > 0.9 * len(known), name
        assert ((table.auroc_low > 0.5) | (table.auroc_high < 0.5)).mean() > 0.25, (
            "length decides nothing here"
        )
        told.append(((known.rate_p < 0.05).mean(), (known.rate_q < 0.05).mean(), holds))
    often, false, held = np.array(told).T
    assert often.max() <= 0.09 and often.mean() <= 0.055
    assert false.max() <= 0.02 and held.min() >= 0.9 and held.mean() >= 0.94


@pytest.mark.parametrize(
    ("name", "least"), [("halves", 0.85), ("few", 0.4), ("one", 0.7), ("wordings", 0.85)]
)
def test_what_is_twice_as_frequent_per_token_is_found_in_a_group_of_shorter_answers(
    tmp_path: Path, name: str, least: float
) -> None:
    groups, group = CASES[name]
    table = compared(write(tmp_path, answers(group, 0.5, planted=2.0)), groups)
    table = table[table.rate_p.notna()]
    planted = (table.index % 3 == 0) & (RATES[table.index] < 0.1)  # with more an answer has no room for twice
    assert (table.rate_q[planted] < 0.05).mean() >= least
    assert (table.rate_q[table.index % 3 != 0] < 0.05).mean() <= 0.05
    assert table.rate_ratio[planted].median() == pytest.approx(2, rel=0.1)
    assert ((table.rate_ratio_low <= 2) & (table.rate_ratio_high >= 2))[planted].mean() >= 0.9


KINDS = {
    "roles": Groups("roles", ["role_0", "role_1"], ["role_2", "role_3", "role_4"], []),
    "wordings": Groups("wordings", [0], [1, 4], []),
    "questions": Groups("questions", [0, 7], [3, 8, 99_999], []),
}


@pytest.mark.parametrize("holes", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_rates_have_the_error_that_activations_as_far_above_them_would_have(
    tmp_path: Path, kind: str, holes: bool
) -> None:
    random = np.random.default_rng(3)
    roles = make_roles(random)
    roles = with_holes(random, roles) if holes else roles
    groups = replace(KINDS[kind], within=[role.name for role in roles])
    roles = [
        replace(role, active=random.integers(1, role.lengths.min() + 1, role.values.shape)) for role in roles
    ]
    sources = write(tmp_path, roles)
    table = compared(sources, groups, 12)
    design = read_design(sources)
    of = layout(groups, design, aligned=True)
    places = [
        np.flatnonzero(present) + row * design.present.shape[1] for row, present in enumerate(design.present)
    ]
    active, tokens = np.zeros((design.present.size, 12)), np.zeros(design.present.size)
    for own, role in zip(places, roles, strict=True):
        active[own], tokens[own] = role.active * (role.values > 0), role.lengths
    rate = np.zeros((len(of.units), 12))
    above = np.zeros(active.shape)
    both = (table.token_rate_group + table.token_rate_against).reindex(range(12), fill_value=0) / 2
    for unit in range(len(of.units)):
        own = of.unit_of == unit
        rate[unit] = active[own].sum(axis=0) / tokens[own].sum()
        mean = tokens[own].sum() / (of.asked[unit] > 0).sum()
        times = of.asked[unit, of.crossed_of[own]][:, None]
        above[own] = (active[own] - both.to_numpy() * tokens[own][:, None]) * times / mean
    for side, name in enumerate(("token_rate_group", "token_rate_against")):
        expected = np.abs(of.weights[of.side_of == side]) @ rate[of.side_of == side]
        np.testing.assert_allclose(table[name], expected[table.index], rtol=1e-5)
    shifted = [
        replace(role, values=(above[own] + 5).astype(np.float32))
        for own, role in zip(places, roles, strict=True)
    ]
    plain = compared(write(tmp_path, shifted), groups, 12).loc[table.index]
    known = table.rate_p.notna()
    assert known.sum() > 5
    np.testing.assert_allclose(table.rate_p[known], plain.p[known], rtol=5e-3)
    ratio = 1 + plain.effect / table.token_rate_against
    np.testing.assert_allclose(table.rate_ratio[known], np.maximum(ratio, 0)[known], rtol=1e-3)


def test_without_active_tokens_there_are_no_rates_but_all_else(tmp_path: Path) -> None:
    sources = write(tmp_path, make_roles(np.random.default_rng(4)))
    table = pq.read_table(sources[0].activations)
    nothing = pa.nulls(table.num_rows, pa.int32())
    table = table.set_column(table.schema.names.index("n_active"), "n_active", nothing)
    pq.write_table(table, sources[0].activations)
    lacking = compared(
        sources, Groups("roles", ["role_0"], ["role_1", "role_2"], ["role_0", "role_1", "role_2"]), 12
    )
    assert lacking.filter(regex="rate_(ratio|p|q)|token_rate").isna().all(axis=None)
    assert lacking.p.notna().any()
    others = compared(
        sources, Groups("roles", ["role_1"], ["role_2", "role_3"], ["role_1", "role_2", "role_3"]), 12
    )
    assert others.token_rate_group.notna().all(), "a role that takes no part decides"
