"""The macro compare_roles on simulated roles: its error rates without a difference, and what it finds.

The numbers of docs/statistics.md, smaller.
"""

from __future__ import annotations

import duckdb
import numpy as np
import pandas as pd
import pytest
from scipy.special import stdtr, stdtrit
from scipy.stats import false_discovery_control

from persona_assets.base.queries import query
from persona_assets.lake.schema import ROLE_CONTRASTS, ROLE_FEATURES
from persona_assets.lake.schema.definition import definition, sql_type
from persona_assets.lake.schema.of_snapshots import LAKE_FILES, ROLES, SAES, STUDY
from tests.analysis.simulated import contrasts, draw, fired

MACROS = ("chosen_sae", "known_sae", "known_role", "no_order", "t_of_95", "p_of_t", "compare_roles")
DEMO = (0.014, 0.033)


def snapshot(activations: np.ndarray) -> duckdb.DuckDBPyConnection:
    """Return the tables that the macro reads, of float[n_roles, n_wordings, n_questions, n_features]."""
    connection = duckdb.connect()
    for table in (LAKE_FILES, ROLES, SAES, STUDY, ROLE_FEATURES, ROLE_CONTRASTS):
        connection.execute(definition(table))
    for name in MACROS:
        connection.execute(query(f"macros/{name}").replace("{default_sae}", "'one'"))
    compared = contrasts(activations).assign(sae="one")
    rates = pd.concat([features(f"role_{at:02}", own) for at, own in enumerate(activations)])
    files = pd.DataFrame(
        {"table_name": "role_features", "role": rates.role.unique(), "sae": "one", "path": "x"}
    )
    for table, rows in {ROLE_CONTRASTS: compared, ROLE_FEATURES: rates, LAKE_FILES: files}.items():
        connection.register("incoming", rows)
        needed = ", ".join(f"{name}::{sql_type(table.shown[name].type)} as {name}" for name in rows.columns)
        connection.execute(f"create or replace table {table.name} as select {needed} from incoming")
    return connection


def features(role: str, own: np.ndarray) -> pd.DataFrame:
    """Return role_features of one role: of the features that fire in it."""
    answers = own.reshape(-1, own.shape[-1]).astype(np.float32).astype(float)
    table = pd.DataFrame(
        {
            "sae": "one",
            "role": role,
            "feature_id": np.arange(answers.shape[1]),
            "n_responses": len(answers),
            "n_active_responses": (answers > 0).sum(axis=0),
            "firing_rate": (answers > 0).mean(axis=0),
            "mean": answers.mean(axis=0),
            "max": answers.max(axis=0),
            "sd": answers.std(axis=0, ddof=1),
        }
    )
    return table[table.n_active_responses > 0]


def pair(activations: np.ndarray, a: str = "role_00", b: str = "role_01") -> pd.DataFrame:
    """Return the answer of the macro by feature."""
    return snapshot(activations).execute("from compare_roles(?, ?)", [a, b]).df().set_index("feature_id")


def holds(table: pd.DataFrame, truth: float = 0.0) -> float:
    """Return the share of intervals that hold the truth."""
    known = table[table.difference_low.notna()]
    return float(((known.difference_low <= truth) & (known.difference_high >= truth)).mean())


@pytest.mark.parametrize(
    ("noise", "density", "n_roles", "most"),
    [
        (DEMO, 1.0, 12, 0.08),
        ((0.05, 0.05), 0.1, 12, 0.08),
        (DEMO, 1.0, 3, 0.08),
        ((np.array([0.3, 0.3, *[0.0] * 10]), 0.0), 1.0, 12, 0.12),
    ],
    ids=["demo-like", "sparse", "three roles", "wordings differ in these two alone"],
)
def test_two_roles_that_do_not_differ_have_few_small_p_and_intervals_that_hold_0(
    noise: tuple, density: float, n_roles: int, most: float
) -> None:
    table = pair(fired(draw(np.random.default_rng(21), *noise, (n_roles, 5, 40, 300)), density))
    p = table.p.dropna()
    assert len(p) > 280
    assert 0.01 <= (p < 0.05).mean() <= most
    assert (p < 0.001).mean() <= 0.007
    assert holds(table) >= 1 - most
    assert (table.q < 0.05).sum() <= 1


def test_two_roles_that_share_what_the_others_lack_do_not_differ_in_it() -> None:
    values = draw(np.random.default_rng(22), 0.05, 0.05, (12, 5, 40, 200))
    values[:2] += 1.5
    table = pair(fired(values, 0.02))
    assert holds(table) >= 0.92 and (table.p < 0.001).mean() <= 0.006


def test_a_planted_difference_is_found_and_its_interval_holds_it() -> None:
    values = draw(np.random.default_rng(23), *DEMO, (12, 5, 120, 60))
    values[0, ..., :30] += 0.4
    table = pair(fired(values))
    assert (table.q[table.index < 30] < 0.05).mean() >= 0.9
    assert (table.q[table.index >= 30] < 0.05).sum() <= 3
    assert holds(table[table.index < 30], 0.4) >= 0.9


def test_the_two_turned_round_give_the_same_with_the_other_sign() -> None:
    connection = snapshot(fired(draw(np.random.default_rng(26), *DEMO, (3, 5, 40, 30))))
    asked = "from compare_roles(?, ?) order by feature_id"
    table = connection.execute(asked, ["role_00", "role_01"]).df()
    turned = connection.execute(asked, ["role_01", "role_00"]).df()
    np.testing.assert_allclose(turned.difference_low, -table.difference_high, atol=1e-12)
    np.testing.assert_array_equal(turned.q, table.q)


def test_what_one_role_alone_fires_is_found_and_what_hardly_fires_has_no_interval() -> None:
    activations = fired(draw(np.random.default_rng(24), *DEMO, (12, 5, 40, 60)), 0.3)
    activations[1:, ..., :20] = 0
    activations[..., 20:40] = np.where(
        np.arange(200).reshape(5, 40)[..., None] < 4, activations[..., 20:40], 0
    )
    table = pair(activations)
    assert (table.q[table.index < 20] < 0.05).all()
    rare = table[(table.index >= 20) & (table.index < 40)]
    assert rare[["p", "q", "difference_low", "difference_high"]].isna().all(axis=None)


def test_roles_of_many_answers_are_told_apart_as_those_of_few() -> None:
    connection = snapshot(fired(draw(np.random.default_rng(28), *DEMO, (3, 5, 40, 20))))
    few = connection.execute("from compare_roles('role_00', 'role_01')").df()
    for count in ("n_responses", "n_active_responses"):
        connection.execute(f"update role_features set {count} = {count} * 5000")
    pd.testing.assert_frame_equal(connection.execute("from compare_roles('role_00', 'role_01')").df(), few)


def test_q_is_benjamini_hochberg_s_of_the_two_and_p_is_student_s() -> None:
    values = draw(np.random.default_rng(25), *DEMO, (4, 5, 40, 80))
    values[0, ..., :20] += 0.3
    connection = snapshot(fired(values))
    table = connection.execute("from compare_roles('role_00', 'role_01', by := 'p')").df()
    assert table.p.is_monotonic_increasing
    np.testing.assert_allclose(table.q, false_discovery_control(table.p), rtol=1e-9)


def test_p_and_the_reach_of_an_interval_are_student_s_of_any_degrees_of_freedom() -> None:
    connection = duckdb.connect()
    for name in ("t_of_95", "p_of_t"):
        connection.execute(query(f"macros/{name}"))
    t = np.concatenate([np.linspace(0, 20, 201), [50, 1e3, 1e6]])
    for df in (0.0085, 0.01, 0.3, 0.5, 1, 2, 3, 3.99, 4, 5, 8.5, 40, 1e5):
        found = connection.execute("select p_of_t(unnest(?), ?)", [t.tolist(), df]).df().iloc[:, 0]
        seen = 2 * stdtr(df, -t) > 1e-100
        np.testing.assert_allclose(found[seen], 2 * stdtr(df, -t[seen]), rtol=1e-5)
        reach = connection.execute("select t_of_95(?::double)", [df]).fetchone()
        np.testing.assert_allclose(reach, stdtrit(df, 0.975), rtol=4e-4)
    assert connection.execute("select p_of_t(2, 0), t_of_95(0), p_of_t(2, null)").fetchone() == (None,) * 3


def test_an_interval_whose_reach_is_no_number_has_no_ends() -> None:
    connection = snapshot(fired(draw(np.random.default_rng(29), *DEMO, (3, 2, 3, 20))))
    connection.execute("update role_contrasts set mean_df = 0.0002")
    table = connection.execute("from compare_roles('role_00', 'role_01')").df()
    assert table[["difference_low", "difference_high"]].isna().all(axis=None) and table.p.notna().any()


@pytest.mark.parametrize("n_roles", [2, 12])
def test_two_roles_of_six_answers_each_have_p_and_an_interval(n_roles: int) -> None:
    values = draw(np.random.default_rng(27), *DEMO, (n_roles, 2, 3, 400))
    values[0, ..., :20] += 8
    table = pair(fired(values))
    planted, alike = table[table.index < 20], table[table.index >= 20]
    assert table[["p", "q"]].notna().all(axis=None)
    ends = table[["difference_low", "difference_high"]].notna()
    assert ends.mean(axis=None) > (0.99 if n_roles == 2 else 0.9999)  # some reach further than numbers do
    assert (alike.p < 0.05).mean() <= 0.05 and holds(alike) >= 0.95
    assert holds(planted, 8) == 1
    assert (planted.q < 0.05).all() == (n_roles == 12)  # two roles have too few degrees of freedom
