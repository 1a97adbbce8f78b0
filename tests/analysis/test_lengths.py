"""What is said per token and at equal length: no finding where answers are only longer, and what is more."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from persona_assets.analysis.statistics import Statistics, analyse
from persona_assets.lake.schema import LENGTH_CONTRASTS
from tests.analysis.conftest import Case
from tests.analysis.dense import DenseRole, grid, write

WORDINGS, QUESTIONS, N_FEATURES, N_ROLES = 5, 40, 150, 12
RATES = np.geomspace(0.0005, 0.3, N_FEATURES)
PLANTED = np.arange(0, N_FEATURES, 3)


def answers(
    longer: float = 3.0, planted: float = 1.0, noise: float = 0.04, repeats: bool = False, seed: int = 0
) -> list[DenseRole]:
    """Roles of 50 tokens an answer, the first `longer` times as long, that fire equally often per token.

    In the first the rate of PLANTED is times `planted`. `noise`: variances, in logarithms of the rate, of
    wordings and of role x question; with `repeats` all wordings give the same answer.
    """
    random, roles = np.random.default_rng(seed), []
    ids, shape = grid(tuple(range(WORDINGS)), tuple(range(QUESTIONS))), (WORDINGS, QUESTIONS, N_FEATURES)
    of_question = 0.3 * random.normal(size=(1, *shape[1:]))
    for number in range(N_ROLES):
        usual = 50 * (longer if number == 0 else 1)
        tokens = np.maximum(random.lognormal(np.log(usual), 0.3, shape[:2]), 5).astype(int)
        log = of_question + np.sqrt(0.3) * random.normal(size=shape)
        log += np.sqrt(noise) * random.normal(size=(WORDINGS, 1, N_FEATURES))
        log += np.sqrt(noise) * random.normal(size=(1, *shape[1:]))
        rate = RATES * np.exp(log)
        if number == 0:
            rate[..., PLANTED] *= planted
        active = random.binomial(tokens[..., None], np.minimum(rate, 0.95))
        if repeats:
            tokens[:], active[:] = tokens[:1], active[:1]
        total = np.where(active > 0, random.gamma(np.maximum(2 * active, 0.1), 0.5), 0)
        values = (total / tokens[..., None]).reshape(len(ids), -1).astype(np.float32)
        counts = active.reshape(values.shape).astype(np.int32)
        roles.append(DenseRole(f"role_{number:02}", ids, values, values, tokens.ravel(), counts))
    return roles


def statistics(roles: list[DenseRole], *, aligned: bool = True) -> Statistics:
    with tempfile.TemporaryDirectory() as folder:
        sources = write(Path(folder), roles)
        return analyse(sources, roles[0].values.shape[1], aligned=aligned, split_seed=0)


def length_contrasts(roles: list[DenseRole], *, aligned: bool = True) -> pd.DataFrame:
    return pa.concat_tables(list(statistics(roles, aligned=aligned).length_contrasts)).to_pandas()


@pytest.mark.parametrize("aligned", [True, False])
@pytest.mark.parametrize("longer", [3.0, 1.0])
def test_a_role_whose_answers_are_only_longer_fires_nothing_more_per_token(
    longer: float, aligned: bool
) -> None:
    table = length_contrasts(answers(longer), aligned=aligned)
    for of in (table[table.role == "role_00"], table[table.role != "role_00"]):
        known = of[of.rate_p.notna()]
        assert len(known) > 0.9 * len(of)
        assert (known.rate_q < 0.05).mean() <= 0.05
        assert (known.rate_p < 0.05).mean() <= 0.1
        assert ((known.rate_ratio_low <= 1) & (known.rate_ratio_high >= 1)).mean() >= 0.92


def test_wordings_that_repeat_one_answer_are_no_evidence_of_their_number_per_token() -> None:
    known = length_contrasts(answers(noise=0, repeats=True)).dropna(subset="rate_p")
    assert (known.rate_p < 0.05).mean() <= 0.09 and (known.rate_q < 0.05).mean() <= 0.03


def test_a_feature_that_is_twice_as_frequent_per_token_is_found_in_a_role_of_longer_answers() -> None:
    table = length_contrasts(answers(planted=2.0))
    own = table[(table.role == "role_00") & table.rate_p.notna()].set_index("feature_id")
    planted = own.index.isin(PLANTED)
    assert (own.rate_q[planted] < 0.05).mean() >= 0.9
    assert (own.rate_q[~planted] < 0.05).mean() <= 0.05
    often = planted & (RATES[own.index] < 0.1)  # with more a response has no room for twice as many
    assert own.rate_ratio[often].median() == pytest.approx(2, rel=0.05)
    assert ((own.rate_ratio_low <= 2) & (own.rate_ratio_high >= 2))[often].mean() >= 0.9


def test_rates_are_active_tokens_over_tokens_and_ratios_those_to_the_mean_of_the_others(case: Case) -> None:
    random = np.random.default_rng(8)
    roles = [
        replace(role, active=random.integers(1, role.lengths.min(), role.values.shape)) for role in case.roles
    ]
    table = length_contrasts(roles).set_index(["role", "feature_id"])
    rates = np.array([(r.active * (r.values > 0)).sum(axis=0) / r.lengths.sum() for r in roles])
    for row, role in enumerate(roles):
        own = table.loc[role.name]
        np.testing.assert_allclose(own.token_rate, rates[row, own.index], rtol=1e-5)
        others = np.delete(rates, row, axis=0).mean(axis=0)[own.index]
        some = others > 0
        np.testing.assert_allclose(own.rate_ratio[some], rates[row, own.index][some] / others[some], 1e-5)


def test_an_effect_that_length_explains_is_none_at_equal_length() -> None:
    """Activations grow with an answer's tokens, and the first role's answers are a third longer."""
    random, roles = np.random.default_rng(9), answers(4 / 3)
    for role in roles:
        role.values[:] = 3 + 0.02 * role.lengths[:, None] + random.normal(size=role.values.shape)
    found = statistics(roles)
    table = pa.concat_tables(list(found.length_contrasts)).to_pandas()
    own = table[table.role == "role_00"].set_index("feature_id")
    effect = found.role_contrasts.to_pandas().set_index(["role", "feature_id"]).loc["role_00"].effect
    assert effect.mean() > 0.25
    assert own.effect_at_length.mean() == pytest.approx(0, abs=0.03)
    holds = (own.effect_at_length_low <= 0) & (own.effect_at_length_high >= 0)
    assert holds.mean() >= 0.92
    role_07 = table[table.role == "role_07"].set_index("feature_id")
    assert ((role_07.effect_at_length_low <= 0) & (role_07.effect_at_length_high >= 0)).mean() >= 0.9


def test_where_lengths_do_not_overlap_nothing_is_said_at_equal_length() -> None:
    table = length_contrasts(answers())
    long, usual = (table[table.role == role] for role in ("role_00", "role_05"))
    assert long.length_overlap.max() < 0.2 and long.effect_at_length.isna().all()
    assert usual.length_overlap.min() > 0.8 and usual.effect_at_length.notna().all()


def test_without_active_tokens_or_shared_questions_what_is_left_is_null() -> None:
    roles = answers()
    lacking = [replace(role, active=None) for role in roles]
    with tempfile.TemporaryDirectory() as folder:
        sources = write(Path(folder), lacking)
        table = pa.parquet.read_table(sources[0].activations)
        place = table.schema.names.index("n_active")
        nothing = pa.nulls(table.num_rows, pa.int32())
        pa.parquet.write_table(table.set_column(place, "n_active", nothing), sources[0].activations)
        found = analyse(sources, N_FEATURES, aligned=False, split_seed=0).length_contrasts
    table = pa.concat_tables(list(found))
    assert table.schema == LENGTH_CONTRASTS.schema
    for column in ("token_rate", "rate_ratio", "rate_p", "rate_q", "effect_at_length"):
        assert table[column].null_count == table.num_rows
    assert table["length_overlap"].null_count == 0
