"""What editing a feature does, on the feature's page: of its own effects those against random features."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from persona_assets.explorer.resources.feature import feature
from persona_assets.explorer.snapshot.opened import Snapshots
from persona_assets.lake.schema import INTERVENTION_EFFECTS, INTERVENTION_READOUTS
from persona_assets.stages.across_roles import AcrossRoles
from persona_assets.warehouse import connect, publish
from tests.conftest import StudyMaker
from tests.warehouse.world import OF_PIRATE_ALONE, World, write_catalog

BY_NAME = {"target": "features", "features": [2, OF_PIRATE_ALONE], "roles": ["pirate"]}


def effect(feature_id: int, strength: float, against: str, **more: Any) -> dict[str, Any]:
    return {
        "intervention": "one", "role": "pirate", "target": f"feature {feature_id}", "feature_id": feature_id,
        "operation": "add", "strength": strength, "metric": "readout", "effect": 0.5, "low": 0.2, "high": 0.8,
        "n_questions": 6, "against": against, "n_controls": 59, "control_low": -0.1, "control_median": 0.0,
        "control_high": 0.1, "p": 0.01, "q": 0.5,
    } | more  # fmt: skip


ROWS = [
    effect(OF_PIRATE_ALONE, 2.0, "feature", q=0.01),
    effect(OF_PIRATE_ALONE, 1.0, "feature"),
    effect(OF_PIRATE_ALONE, 1.0, "direction"),
    effect(OF_PIRATE_ALONE, 1.0, "direction", metric="kl", low=None, high=None),
    effect(2, 1.0, "feature"),
    effect(2, 2.0, "feature", metric="answer_readout", effect=0.25, p=0.5),
    effect(2, 1.0, "feature", metric="answer_readout", effect=0.75, q=0.03),
]


def test_a_feature_has_its_own_effects_strength_by_strength(
    make_study: StudyMaker, tmp_path: Path, published: World
) -> None:
    catalog = write_catalog(tmp_path / "catalog")
    study = make_study(published.study.name, catalog | {"interventions": {"one": BY_NAME}})
    shutil.copytree(
        published.study.lake.root, study.lake.root, ignore=shutil.ignore_patterns("warehouse.duckdb")
    )
    made_from = AcrossRoles.of(study).fingerprint(INTERVENTION_EFFECTS, "first")
    assert made_from is not None
    content = {name: [row[name] for row in ROWS] for name in INTERVENTION_EFFECTS.schema.names}
    nothing = INTERVENTION_READOUTS.schema.empty_table()
    study.lake.write(INTERVENTION_READOUTS, nothing, made_from, sae="first")
    study.lake.write(INTERVENTION_EFFECTS, INTERVENTION_EFFECTS.of(content), made_from, sae="first")
    publish(study)
    snapshots = Snapshots(study)
    try:
        with snapshots.newest().source(live=True) as source:
            found = {one: feature(source, "first", one)["effects"] for one in (2, 3, OF_PIRATE_ALONE)}
    finally:
        snapshots.close()
    with connect(study) as warehouse:
        beside = warehouse.execute(
            "select feature_id, readout_moved, answer_readout_moved, answer_readout_q "
            "from persona_features('pirate', sae := 'first') where readout_moved is not null order by all"
        ).fetchall()
    assert beside == [(2, 0.5, 0.75, 0.03), (OF_PIRATE_ALONE, 0.5, None, None)]
    told = [(row["metric"], row["strength"], row["against"], row["moves"]) for row in found[OF_PIRATE_ALONE]]
    assert told == [
        ("kl", 1.0, "direction", False),
        ("readout", 1.0, "feature", False),
        ("readout", 2.0, "feature", True),
    ]
    assert found[OF_PIRATE_ALONE][0]["low"] is None
    assert len(found[2]) == 3 and found[3] == []
