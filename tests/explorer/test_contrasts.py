"""The study's own contrasts as the explorer and the static site have them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from persona_assets.analysis import own_stage
from persona_assets.explorer.problems import ProblemError
from persona_assets.explorer.resources import Source
from persona_assets.explorer.resources.registry import find
from persona_assets.explorer.site import write_site
from persona_assets.explorer.snapshot.opened import Snapshots
from persona_assets.stages.across_roles import AcrossRoles
from persona_assets.study.settings import ContrastSettings
from persona_assets.study.study import Study
from persona_assets.warehouse import publish
from tests.explorer.contract import check
from tests.warehouse.world import D_SAE, World

CONTRASTS = {
    "sea": ContrastSettings(roles=["pirate"], against=["ghost", "1984"]),
    "wordings": ContrastSettings(wordings=[0, 1]),
    "questions": ContrastSettings(questions=[7, 99_999]),
}


@pytest.fixture
def contrasted(own: World, monkeypatch: pytest.MonkeyPatch) -> Study:
    monkeypatch.setattr(own_stage, "sae_width", lambda _: D_SAE["first"])
    study = replace(own.study, settings=own.study.settings.model_copy(update={"contrasts": CONTRASTS}))
    own_stage.compare_groups(AcrossRoles.of(study), "first")
    publish(study)
    return study


@pytest.fixture
def opened(contrasted: Study) -> Iterator[Source]:
    snapshots = Snapshots(contrasted)
    with snapshots.newest().source() as source:
        yield source
    snapshots.close()


def ask(source: Source, path: str):
    found = find(path)
    assert found is not None
    return found(source)


def test_contrasts_name_their_groups_and_list_features_of_both_sides(opened: Source) -> None:
    listed = ask(opened, "first/contrasts.json")
    for one in listed:
        check("OwnContrast", one)
    assert {one["contrast"]: (one["group"], one["against"]) for one in listed} == {
        "questions": (["question 7", "question 99999"], ["question 0"]),
        "sea": (["pirate"], ["1984", "ghost"]),
        "wordings": (["wording 0", "wording 1"], ["wording 3"]),
    }
    rows = ask(opened, "first/contrast/sea.json")
    for row in rows:
        check("FeatureOfContrast", row)
    assert {row["effect"] > 0 for row in rows} == {True, False}
    assert ask(opened, "second/contrasts.json") == []
    with pytest.raises(ProblemError, match="no contrast 'see'") as raised:
        ask(opened, "first/contrast/see.json")
    assert raised.value.status == 404


def test_the_site_has_them_too(contrasted: Study, tmp_path: Path) -> None:
    dist = tmp_path / "dist"
    dist.mkdir()
    (dist / "index.html").write_text("<!doctype html>")
    write_site(contrasted, tmp_path / "site", lambda done, total: None, dist)
    data = tmp_path / "site" / "data"
    assert len(json.loads((data / "first/contrasts.json").read_text())) == 3
    assert json.loads((data / "first/contrast/wordings.json").read_text())


def test_a_study_without_contrasts_has_none(source: Source) -> None:
    assert ask(source, "first/contrasts.json") == []
