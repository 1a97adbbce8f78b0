"""Roles compared by the answers that play them, as an oracle or a person's file says."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import duckdb
import numpy as np
import pytest

from persona_assets.analysis.played import share_interval
from persona_assets.analysis.statistics import analyse, compare, compare_and_describe
from persona_assets.base.errors import StudyError
from persona_assets.base.queries import query
from persona_assets.cli.run import run_study
from persona_assets.lake.schema import ROLE_AXES, STATISTICS_TABLES, VARIANT_STRIDE
from persona_assets.stages.across_roles import AcrossRoles
from persona_assets.warehouse import connect
from tests.analysis.dense import CONSTANT, D_SAE, DenseRole, grid, make_roles, with_holes, write
from tests.analysis.simulated import draw, fired
from tests.conftest import StudyMaker

_N_OF_A_KIND = 20


def test_an_oracle_brings_the_roles_features_before_those_of_declining(tmp_path: Path) -> None:
    """One role declines 30% of its answers, the others 5%; 20 features are of declining, 20 of the role."""
    random = np.random.default_rng(4)
    values = draw(random, shape=(12, 5, 40, 150))
    n_roles, features = len(values), values.shape[-1]
    flat = values.reshape(n_roles, -1, features)
    declines = random.random(flat.shape[:2]) < np.where(np.arange(n_roles) == 0, 0.3, 0.05)[:, None]
    flat[declines, :_N_OF_A_KIND] += 2.5
    flat[0, ~declines[0], _N_OF_A_KIND : 2 * _N_OF_A_KIND] += 0.8
    ids = grid(tuple(range(5)), tuple(range(40)))
    tokens = np.full(len(ids), 50)
    sources = write(
        tmp_path,
        [
            DenseRole(f"role_{at:02}", ids, own, own, tokens)
            for at, own in enumerate(fired(flat, 0.3).astype(np.float32))
        ],
    )

    def n_of_the_role(only: bool) -> int:
        chosen = [
            replace(one, only=ids[~declined] if only else None)
            for one, declined in zip(sources, declines, strict=True)
        ]
        contrasts = analyse(chosen, features, aligned=True, split_seed=0).role_contrasts.to_pandas()
        top = contrasts[contrasts["role"] == "role_00"].nlargest(20, "effect")["feature_id"]
        return int(top.between(_N_OF_A_KIND, 2 * _N_OF_A_KIND - 1).sum())

    assert n_of_the_role(only=False) <= 10
    assert n_of_the_role(only=True) == 20


def test_only_the_chosen_responses_count_as_if_the_others_had_never_been_pooled(tmp_path: Path) -> None:
    random = np.random.default_rng(2)
    ids = grid((0, 1, 2), tuple(range(10)))
    chosen = [np.sort(random.choice(ids, 20, replace=False)) for _ in range(4)]
    roles = []
    for at in range(4):
        values = np.maximum(random.normal(size=(len(ids), 30)), 0).astype(np.float32)
        roles.append(DenseRole(f"role_{at}", ids, values, values, np.full(len(ids), 9)))
    (tmp_path / "all").mkdir()
    (tmp_path / "some").mkdir()
    sources = write(tmp_path / "all", roles)
    alone = write(
        tmp_path / "some", [role.only(np.isin(ids, some)) for role, some in zip(roles, chosen, strict=True)]
    )
    filtered = [replace(source, only=some) for source, some in zip(sources, chosen, strict=True)]
    for strategy in ("mean", "max"):
        one, other = (
            analyse(given, 30, aligned=True, split_seed=0, strategy=strategy)  # type: ignore[arg-type]
            for given in (filtered, alone)
        )
        assert one.role_contrasts.equals(compare(filtered, 30, aligned=True).table())
        assert one.role_contrasts.equals(other.role_contrasts) and one.features.equals(other.features)


def test_roles_are_described_as_the_stage_role_features_does_it(tmp_path: Path) -> None:
    random = np.random.default_rng(6)
    roles = with_holes(random, make_roles(random))
    steady = roles[1].values
    steady[:, CONSTANT + 3] = 7 + 1e-6 * random.random(len(steady)).astype(np.float32)
    (tmp_path / "some").mkdir()
    sources, some = write(tmp_path, roles), [role.only(role.ids % 2 == 1) for role in roles]
    alone = write(tmp_path / "some", some)
    chosen = [replace(one, only=role.ids) for one, role in zip(sources, some, strict=True)]
    for given, files in ((sources, sources), (chosen, alone)):
        _, described = compare_and_describe(given, D_SAE, aligned=True)
        for table, file in zip(described, files, strict=True):
            paths = {"activations": [file.activations], "pooled": [file.pooled]}
            wanted = duckdb.execute(query("stages/role_features"), paths).to_arrow_table()
            assert set(table["role"].to_pylist()) == {file.role}
            for name in wanted.schema.names:
                np.testing.assert_allclose(table[name], wanted[name], rtol=1e-9, atol=1e-15, err_msg=name)


@pytest.mark.parametrize(("share", "between"), [(0.7, 0.0), (0.7, 0.15), (0.95, 0.0), (0.5, 0.3)])
def test_the_interval_of_a_roles_share_covers_it_where_wordings_differ(share: float, between: float) -> None:
    """Of 2,000 drawn roles, each with five wordings of 40 answers whose shares differ by `between`."""
    random = np.random.default_rng(1)
    n, spread = 2000, max(between, 1e-9)
    odds = share * (1 - share) / spread**2 - 1
    of_wordings = random.beta(share * odds, (1 - share) * odds, (n, 5))
    played = random.binomial(40, of_wordings)
    rated = np.full(5, 40)
    bounds = np.array([share_interval(one, rated) for one in played])
    covered = np.mean((bounds[:, 1] <= share) & (share <= bounds[:, 2]))
    assert 0.925 <= covered <= 0.985


def test_a_persons_file_decides_which_answers_count_and_roles_with_too_few_are_named(
    make_study: StudyMaker, tmp_path: Path
) -> None:
    plain = make_study()
    run_study(plain, None, None, False)
    scores, file = [], tmp_path / "mine.jsonl"
    for response_id in (v * VARIANT_STRIDE + q for v in range(5) for q in range(100)):
        scores.append({"role": "pirate", "response_id": response_id, "score": 3 if response_id % 2 else 0})
    file.write_text("\n".join(map(json.dumps, scores)))
    changes = {"judge": {"me": {"file": str(file)}}, "analysis": {"min_score": 2.5, "min_responses": 2}}
    study = make_study(changes=changes)
    across = AcrossRoles.of(study)
    for table in STATISTICS_TABLES:
        assert across.file(table, "demo") is not None, "the comparison of all answers went stale"
    run_study(study, None, ["judgements", "played", "warehouse"], False)
    with connect(study) as warehouse:
        roles = {
            role: rest
            for role, *rest in warehouse.execute(
                "select role, n_responses, n_rated, n_played, takes_part from played_roles"
            ).fetchall()
        }
        [(n_odd,)] = warehouse.execute(
            "select count(*) from pooled where role = 'pirate' and response_id % 2 = 1 "
            "and excluded_reason is null"
        ).fetchall()
        assert roles["pirate"][2] == n_odd and roles["pirate"][3]
        assert roles["ghost"][1:] == [0, 0, False]
        assert roles["default"][2] == roles["default"][0] and roles["default"][3]
        of_odd = (
            "select feature_id, sum(mean::double) / ? from activations "
            "where role = 'pirate' and response_id % 2 = 1 group by feature_id order by feature_id"
        )
        wanted = dict(warehouse.execute(of_odd, [n_odd]).fetchall())
        found = "select feature_id, mean from played_features where role = 'pirate'"
        assert dict(warehouse.execute(found).fetchall()) == pytest.approx(wanted, rel=1e-6)
        answers = "select answers, count(distinct role) from contrasts_by_answers group by answers order by 1"
        assert warehouse.execute(answers).fetchall() == [("all", 3), ("played", 2)]
        shown = warehouse.execute("select feature_id, rank_all from when_played('pirate') limit 5").fetchall()
        assert len(shown) == 5 and all(rank is not None for _, rank in shown)
        placed = "select role from role_axes where played_position is not null"
        assert warehouse.execute(placed).fetchall() == [], "two answers make no axis"
    harder = make_study(changes=changes | {"analysis": {"min_score": 2.5, "min_responses": 3}})
    assert AcrossRoles.of(harder).state(STATISTICS_TABLES[0], "demo") == "fresh"
    ids = [score["response_id"] for score in scores]
    all_play = [{"role": role, "response_id": one, "score": 3} for role in ("ghost", "pirate") for one in ids]
    (tmp_path / "all.jsonl").write_text("\n".join(map(json.dumps, all_play)))
    judge = {"judge": {"me": {"file": str(tmp_path / "all.jsonl")}}}
    played = make_study(changes=changes | judge)
    assert AcrossRoles.of(played).state(ROLE_AXES, "demo") == "fresh", "nothing is played yet"
    run_study(played, None, ["judgements", "played", "atlas", "warehouse"], False)
    with connect(played) as warehouse:
        rows = warehouse.execute(
            "select position, played_position, played_axis_cosine from role_axes where axis = 'assistant'"
        ).fetchall()
    assert len(rows) == 3
    for position, by_played, cosine in rows:
        assert (by_played, cosine) == (pytest.approx(position, rel=1e-4, abs=1e-4), pytest.approx(1))


def test_a_least_score_needs_a_judge_that_there_is(make_study: StudyMaker) -> None:
    with pytest.raises(StudyError, match=r"analysis.min_score needs a judge"):
        make_study(changes={"analysis": {"min_score": 2}})
    with pytest.raises(StudyError, match="no judge 'you'; there are: me"):
        make_study(changes={"judge": {"me": {"file": "x"}}, "analysis": {"judge": "you"}})
