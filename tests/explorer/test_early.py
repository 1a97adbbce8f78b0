"""A study whose roles are measured but not compared yet: every page is there, and says what is missing."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from persona_assets.explorer.problems import ProblemError
from persona_assets.explorer.resources import Source, find
from persona_assets.explorer.snapshot.opened import Snapshots
from persona_assets.study.study import load_study
from persona_assets.warehouse import publish
from tests.conftest import write_study
from tests.explorer.contract import check
from tests.warehouse.world import ALWAYS_ON, D_SAE, DEAD, ROLES, World, fill, write_catalog


@pytest.fixture(scope="module")
def early(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, Source]]:
    """Two of the roles, aggregated and published; nothing is told of them together."""
    folder = tmp_path_factory.mktemp("early")
    changes = write_catalog(folder / "catalog")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PERSONA_LAKE", str(folder / "lake"))
        patch.delenv("PERSONA_WAREHOUSE", raising=False)
        world = fill(load_study(write_study(folder / "small", changes)), ROLES[:2])
        publish(world.study)
    snapshots = Snapshots(world.study)
    with snapshots.newest().source() as source:
        yield world, source
    snapshots.close()


@pytest.mark.parametrize(
    ("path", "type_"),
    [
        ("study.json", "Study"),
        ("drift.json", "DriftRuns"),
        ("first/features.json", "FeatureTable"),
        ("first/roles.json", "RolesOverview"),
        (f"first/feature/{ALWAYS_ON}.json", "FeaturePage"),
        ("first/feature/5/default.json", "ExamplesOfRole"),
        ("first/feature/5/pirate.json", "ExamplesOfRole"),
        ("first/role/default.json", "RolePage"),
        ("first/role/pirate.json", "RolePage"),
        ("first/role/default/features.json", "FeaturesOfRole"),
        ("role/pirate/responses/1.json", "ResponsesPage"),
    ],
)
def test_what_is_not_known_yet_is_null_or_empty(early: tuple[World, Source], path: str, type_: str):
    answer = find(path)
    assert answer is not None
    check(type_, answer(early[1]))


def ask(early: tuple[World, Source], path: str):
    answer = find(path)
    assert answer is not None
    return answer(early[1])


def test_the_study_says_what_it_lacks(early: tuple[World, Source]):
    study = ask(early, "study.json")
    assert [(sae["n_alive"], sae["has_atlas"]) for sae in study["saes"]] == [(None, False)] * len(D_SAE)
    assert [role["status"] for role in study["roles"]] == ["fresh", "fresh", "missing", "missing"]


@pytest.mark.parametrize("path", ["first/map.json", "first/neighbors.json"])
def test_there_is_no_map_without_an_atlas(early: tuple[World, Source], path: str):
    with pytest.raises(ProblemError, match="no atlas") as raised:
        ask(early, path)
    assert raised.value.status == 404


def test_only_firing_shows_that_a_feature_is_there_while_the_width_is_not_known(early: tuple[World, Source]):
    page = ask(early, f"first/feature/{ALWAYS_ON}.json")
    assert (page["alive"], page["statistics"]["mean"]) == (True, None)
    with pytest.raises(ProblemError, match="no feature"):
        ask(early, f"first/feature/{DEAD}.json")


def test_a_role_is_told_by_its_strongest_features_until_roles_are_compared(early: tuple[World, Source]):
    world, page = early[0], ask(early, "first/role/default.json")
    strongest = np.argsort(-world.mean_of("default"), kind="stable")[:3]
    assert [feature["feature_id"] for feature in page["features"][:3]] == strongest.tolist()
    assert {feature["effect"] for feature in page["features"]} == {None}
    assert ask(early, "first/role/pirate.json")["features"] == []
