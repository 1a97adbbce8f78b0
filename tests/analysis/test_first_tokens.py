"""Roles compared by the first tokens of each response: what longer answers alone bring about is not found."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from persona_assets.analysis.statistics import compare
from persona_assets.base.errors import StudyError
from persona_assets.cli.run import run_study
from persona_assets.lake.schema import ACTIVATIONS, EVIDENCE, FIRST_ACTIVATIONS, FIRST_CONTRASTS
from persona_assets.stages.across_roles import AcrossRoles
from persona_assets.warehouse import connect
from tests.analysis.dense import DenseRole, write
from tests.analysis.test_lengths import N_FEATURES, PLANTED, RATES, answers
from tests.conftest import StudyMaker

N_FIRST = 32


def first_tokens(roles: list[DenseRole], n_tokens: int, seed: int = 0) -> list[DenseRole]:
    """The first tokens of each answer: of its active tokens as many as would lie there by chance."""
    random, found = np.random.default_rng(seed), []
    for role in roles:
        tokens = np.minimum(role.lengths, n_tokens)
        active = random.hypergeometric(role.active, role.lengths[:, None] - role.active, tokens[:, None])
        total = np.where(active > 0, random.gamma(np.maximum(2 * active, 0.1), 0.5), 0)
        values = (total / tokens[:, None]).astype(np.float32)
        found.append(DenseRole(role.name, role.ids, values, values, tokens, active.astype(np.int32)))
    return found


def of_the_longer_role(folder: Path, roles: list[DenseRole]) -> pd.DataFrame:
    folder.mkdir()
    contrasts = compare(write(folder, roles), N_FEATURES, aligned=True).table().to_pandas()
    return contrasts[contrasts.role == "role_00"].set_index("feature_id")


def test_a_role_that_only_answers_at_three_times_the_length_differs_in_no_first_tokens(
    tmp_path: Path,
) -> None:
    roles = answers(longer=3.0)
    everywhere = of_the_longer_role(tmp_path / "all", roles)
    first = of_the_longer_role(tmp_path / "first", first_tokens(roles, N_FIRST))
    assert (everywhere.auroc_low > 0.5).mean() > 0.5
    known = first[first.auroc_low.notna()]
    assert len(known) > 50
    assert (known.auroc_low > 0.5).mean() <= 0.05 and (known.auroc_high < 0.5).mean() <= 0.05
    assert (first.q < 0.05).mean() <= 0.02


def test_what_a_role_does_from_its_first_tokens_on_is_found_in_them(tmp_path: Path) -> None:
    roles = answers(longer=3.0, planted=2.0)
    first = of_the_longer_role(tmp_path / "first", first_tokens(roles, N_FIRST))
    planted = first.index.isin(PLANTED)
    often = RATES[first.index] > 0.01  # of the rare ones the few first tokens of 200 answers say little
    assert (first.q[planted & often] < 0.05).mean() >= 0.9
    assert (first.q[~planted] < 0.05).mean() <= 0.05


def test_the_first_tokens_are_pooled_where_a_study_asks_and_all_else_stays(make_study: StudyMaker) -> None:
    plain = make_study()
    run_study(plain, None, None, False)
    kept = {file.path for table in (ACTIVATIONS, EVIDENCE) for file in plain.lake.files(table)}
    assert not plain.lake.files(FIRST_ACTIVATIONS)
    with connect(plain) as warehouse:
        assert warehouse.execute("from in_first_tokens('pirate')").fetchall() == []
    study = make_study(changes={"extraction.first_tokens": 3})
    across = AcrossRoles.of(study)
    assert across.roles["pirate"].state(ACTIVATIONS, "demo") == "stale" and across.compared("demo")
    assert across.fingerprint(FIRST_CONTRASTS, "demo") is None
    run_study(study, None, None, False)
    assert {file.path for table in (ACTIVATIONS, EVIDENCE) for file in study.lake.files(table)} == kept
    assert AcrossRoles.of(study).state(FIRST_CONTRASTS, "demo") == "fresh"
    with connect(study) as warehouse:
        [(n, most, wrong)] = warehouse.execute(
            "select count(*), max(f.n_active), count(*) filter (f.max > a.max or f.n_active > a.n_active "
            "or f.mean * least(p.n_tokens, 3) > a.mean * p.n_tokens * 1.000001) from first_activations as f "
            "left join activations as a using (sae, role, response_id, feature_id) "
            "join pooled as p using (sae, role, response_id)"
        ).fetchall()
        assert n > 0 and most == 3 and wrong == 0
        shown = warehouse.execute(
            "select i.effect_first, c.effect, i.effect_all, r.effect from in_first_tokens('pirate') as i "
            "join first_contrasts as c on c.role = 'pirate' and c.feature_id = i.feature_id "
            "join role_contrasts as r on r.role = 'pirate' and r.feature_id = i.feature_id"
        ).fetchall()
        assert len(shown) > 10 and all(row[0] == row[1] and row[2] == row[3] for row in shown)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"token_selection": "all"}, "first_tokens needs token_selection: response_only or response_to_end"),
        ({"mask_norm_outliers": True}, "first_tokens is not served with mask_norm_outliers"),
        ({"first_tokens": 0}, "first_tokens: Input should be greater than 0"),
    ],
)
def test_first_tokens_that_cannot_be_known_are_refused_in_one_line(
    make_study: StudyMaker, more: dict[str, object], message: str
) -> None:
    settings = {"extraction.first_tokens": 3} | {f"extraction.{key}": value for key, value in more.items()}
    with pytest.raises(StudyError, match=message):
        make_study(changes=settings)
