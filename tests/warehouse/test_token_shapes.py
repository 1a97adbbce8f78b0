"""What a study keeps of single tokens, asked in its snapshot; and lakes from before it was kept."""

from __future__ import annotations

import numpy as np
import pytest

from persona_assets.cli.run import run_study
from persona_assets.lake.schema import ACTIVATIONS, DRAWN_EVIDENCE, EVIDENCE, TOKEN_SHAPES
from persona_assets.stages.of_roles import RoleFiles
from persona_assets.study.study import Study
from persona_assets.warehouse import connect

BESIDES = (TOKEN_SHAPES, DRAWN_EVIDENCE)


def kept(study: Study) -> set[str]:
    return {file.path for table in (ACTIVATIONS, EVIDENCE) for file in study.lake.files(table)}


def test_a_histogram_counts_every_active_token(study: Study) -> None:
    run_study(study, None, None, False)
    with connect(study) as warehouse:
        active = (
            "select sae, role, feature_id, sum(n_active) as n, max(max) as max from activations group by all"
        )
        counted = "select sae, role, feature_id, list_sum(counts) as n, first_bin + len(counts) - 1 as last"
        found = warehouse.execute(
            f"select count(*), count(*) filter (a.n is not distinct from s.n), "
            f"count(*) filter (s.last = floor(2 * log2(a.max::double))) from ({active}) as a "
            f"full join ({counted} from token_shapes) as s using (sae, role, feature_id)"
        ).fetchall()
        [(n, same, at_the_maximum)] = found
        assert n == same and n > 100 and at_the_maximum > 0.99 * n  # log2 rounds at an edge
        asked = "select feature_id, sum(n_active) from activations group by all order by all limit 5"
        for feature, n_active in warehouse.execute(asked).fetchall():
            columns = warehouse.execute("from token_histogram(?)", [feature]).fetchnumpy()
            assert columns["n_tokens"].sum() == n_active and columns["share"].sum() == pytest.approx(1)
            assert (np.diff(columns["bin"]) == 1).all()
            assert (columns["to_activation"][:-1] == columns["from_activation"][1:]).all()
            of_roles = [
                warehouse.execute(
                    "select sum(n_tokens) from token_histogram(?, ?)", [feature, role]
                ).fetchall()[0][0]
                or 0
                for role in study.role_names
            ]
            assert sum(of_roles) == n_active


def test_a_role_from_before_stays_fresh_and_is_read_again_only_where_it_is_asked_for(study: Study) -> None:
    run_study(study, None, None, False)
    before, shapes = kept(study), {one.path for one in study.lake.files(TOKEN_SHAPES)}
    for table in BESIDES:
        for file in study.lake.files(table):
            study.lake.remove(file)
    run_study(study, None, None, False)
    assert all(RoleFiles(study, role).state(ACTIVATIONS, "demo") == "fresh" for role in study.role_names)
    assert not study.lake.files(TOKEN_SHAPES) and kept(study) == before
    with connect(study) as warehouse:
        [(feature,)] = warehouse.execute("select min(feature_id) from activations").fetchall()
        assert warehouse.execute("from token_histogram(?)", [feature]).fetchall() == []
        [shape] = warehouse.execute(
            "select token_rate > 0, position_correlation from feature_shape(?)", [feature]
        ).fetchall()
        assert shape == (True, None)
    run_study(study, None, ["activations", "warehouse"], False)
    assert len(study.lake.files(TOKEN_SHAPES)) == len(shapes) and kept(study) == before
    with connect(study) as warehouse:
        assert warehouse.execute("from token_histogram(?)", [feature]).fetchall()
