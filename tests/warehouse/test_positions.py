"""The interval of a feature's correlation with the token's place: how often it errs, and what it finds."""

from __future__ import annotations

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from persona_assets.base.queries import query
from persona_assets.extract.conversation import Conversation
from tests.extract.test_shapes import collect

N_FEATURES, N_RESPONSES = 400, 24


def simulated(
    n_roles: int, slope: float = 0.0, by_role: float = 0.0, by_question: float = 0.0, seed: int = 0
) -> pa.Table:
    """Return `token_shapes` of features that fire in bursts of three tokens, roles as unlike as they come.

    `slope` is by how much the rate grows from the first token to the last, relative to its mean; it differs
    from role to role and from question to question by the two deviations.
    """
    random, tables = np.random.default_rng(seed), []
    of_question = by_question * random.standard_normal((N_RESPONSES, N_FEATURES))
    for role in range(n_roles):
        rate = 0.03 * np.exp(random.standard_normal(N_FEATURES))
        of_role = slope + by_role * random.standard_normal(N_FEATURES)
        conversations, codes = [], []
        for response in range(N_RESPONSES):
            n = int(random.integers(20, 80))
            tilt = np.linspace(-1, 1, n)[:, None] * (of_role + of_question[response])
            starts = random.random((n, N_FEATURES)) < rate * np.maximum(1 + tilt, 0)
            burst = (
                starts | np.roll(starts, 1, axis=0) | np.roll(starts, 2, axis=0)
            )  # from the end on as well
            strength = random.gamma(2, np.exp(random.standard_normal(N_FEATURES)), (n, N_FEATURES))
            codes.append((burst * strength).astype(np.float32))
            conversations.append(Conversation(response, np.zeros(n, np.int32), 0, n))
        shapes = collect(conversations, codes)
        tables.append(shapes.append_column("role", pa.array([f"r{role}"] * len(shapes))))
    return pa.concat_tables(tables)


def positions(shapes: pa.Table) -> np.ndarray:
    """Return (correlation, low, high) of every feature, float64[n_features, 3]."""
    with duckdb.connect() as connection:
        connection.execute("create table token_shapes as select *, 'sae' as sae from shapes")
        connection.execute(
            "create macro chosen_sae(sae) as 'sae'; create macro known_feature(f, sae) as true"
        )
        for macro in ("t_of_95", "feature_position"):
            connection.execute(query(f"macros/{macro}"))
        asked = "select position_correlation, position_low, position_high from feature_position(?)"
        rows = [connection.execute(asked, [feature]).fetchone() for feature in range(N_FEATURES)]
    return np.array(rows, dtype=float)


def excludes_zero(found: np.ndarray) -> float:
    return float(((found[:, 1] > 0) | (found[:, 2] < 0)).mean())


@pytest.mark.parametrize("n_roles", [4, 10])
def test_the_interval_misses_no_correlation_in_a_twentieth(n_roles: int) -> None:
    assert excludes_zero(positions(simulated(n_roles))) <= 0.08  # 0.05 and three standard errors
    assert excludes_zero(positions(simulated(n_roles, by_role=0.5))) <= 0.08


def test_what_grows_toward_the_end_is_found() -> None:
    found = positions(simulated(10, slope=1.0))
    assert (found[:, 1] > 0).mean() > 0.95
    turned = positions(simulated(10, slope=-1.0))
    assert (turned[:, 2] < 0).mean() > 0.95


def test_fewer_than_four_roles_give_no_interval() -> None:
    found = positions(simulated(3))
    assert not np.isnan(found[:, 0]).any() and np.isnan(found[:, 1:]).all()
