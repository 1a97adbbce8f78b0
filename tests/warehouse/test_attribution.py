"""A role's features by activation and by attribution, side by side."""

from __future__ import annotations

import shutil
from typing import Any

import duckdb
import pytest

from persona_assets.base.queries import examples, orders
from persona_assets.lake.schema import ATTRIBUTION_CHECKS, FEATURE_ATTRIBUTION
from persona_assets.stages.of_roles import RoleFiles
from persona_assets.warehouse import connect, publish
from tests.conftest import StudyMaker
from tests.warehouse.world import DEAD, OF_PIRATE_ALONE, World, rows

EXAMPLE = examples()["by_activation_and_by_attribution"]
ATTRIBUTED = {DEAD: 0.5, 2: 0.25, OF_PIRATE_ALONE: 0.125, 7: -0.5}  # by feature, the most first


def test_both_orders_stand_side_by_side_and_a_feature_of_one_alone_is_told_of(
    make_study: StudyMaker, catalog: dict[str, Any], published: World
) -> None:
    study = make_study("small", catalog | {"attribution": {}})
    shutil.copytree(
        published.study.lake.root, study.lake.root, ignore=shutil.ignore_patterns("warehouse.duckdb")
    )
    content = FEATURE_ATTRIBUTION.of(
        {
            "feature_id": sorted(ATTRIBUTED),
            "attribution": [ATTRIBUTED[one] for one in sorted(ATTRIBUTED)],
            "low": [ATTRIBUTED[one] - 0.1 for one in sorted(ATTRIBUTED)],
            "high": [ATTRIBUTED[one] + 0.1 for one in sorted(ATTRIBUTED)],
            "n": [9] * 4,
            "n_active": [1, 2, 3, 4],
        }
    )
    files = RoleFiles(study, "pirate")
    for table, rows_of in (
        (ATTRIBUTION_CHECKS, ATTRIBUTION_CHECKS.schema.empty_table()),
        (FEATURE_ATTRIBUTION, content),
    ):
        made_from = files.fingerprint(table, "first")
        assert made_from is not None
        study.lake.write(table, rows_of, made_from, sae="first", role="pirate")
    publish(study)
    with connect(study) as warehouse:
        found = rows(warehouse, "from persona_features('pirate')")
        by_id = {row["feature_id"]: row for row in found}
        assert [row["feature_id"] for row in rows(warehouse, EXAMPLE)][:2] == [found[0]["feature_id"], DEAD]
        for by in orders("top_features"):
            top = rows(warehouse, f"from top_features('pirate', by := '{by}')")
            ranks = {
                row["feature_id"]: row["activation_rank"]
                for row in rows(warehouse, f"from persona_features('pirate', by := '{by}')")
            }
            told = {row["feature_id"]: rank for rank, row in enumerate(top, start=1)}
            assert ranks == told | dict.fromkeys(ranks.keys() - told.keys())
    ranked = {one: by_id[one]["attribution_rank"] for one in ATTRIBUTED}
    assert list(ranked.items()) == [(one, rank) for rank, one in enumerate(ATTRIBUTED, start=1)]
    assert {row["attribution_rank"] for one, row in by_id.items() if one not in ATTRIBUTED} == {None}
    assert by_id[DEAD]["activation_rank"] is None and by_id[DEAD]["attribution_high"] == 0.6
    assert by_id[OF_PIRATE_ALONE]["label"] == "the open sea, and voyages over it"
    ranks_of = [[row["activation_rank"], row["attribution_rank"]] for row in found]
    best = [min(rank for rank in both if rank is not None) for both in ranks_of]
    assert best == sorted(best)


def test_without_attribution_features_stand_in_the_order_of_their_activation(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    found, top = (rows(warehouse, f"from {one}('pirate')") for one in ("persona_features", "top_features"))
    assert [row["feature_id"] for row in found] == [row["feature_id"] for row in top]
    assert {row["attribution"] for row in found} == {None}
    with pytest.raises(duckdb.Error, match=r"no order loudness"):
        warehouse.execute("from persona_features('pirate', by := 'loudness')").fetchall()
