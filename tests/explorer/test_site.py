"""The static site: the same answers as files, whole or not at all."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from persona_assets.errors import StudyError
from persona_assets.explorer import site
from persona_assets.explorer.site import write_site
from persona_assets.study import Study
from tests.explorer.contract import CONTRACT
from tests.explorer.served import Served
from tests.warehouse.world import World

TYPES = {
    "study.json": "Study",
    "first/map.json": "MapData",
    "first/feature/5.json": "FeaturePage",
    "first/histogram/5.json": "Histogram",
    "second/role/pirate.json": "RolePage",
    "second/role/pirate/features.json": "FeaturesOfRole",
    "role/1984/responses/1.json": "ResponsesPage",
    "first/roles.json": "RolesOverview",
}


@pytest.fixture
def dist(tmp_path: Path) -> Path:
    folder = tmp_path / "dist"
    folder.mkdir()
    (folder / "index.html").write_text("<!doctype html>")
    return folder


def written(study: Study, folder: Path, dist: Path) -> list[tuple[int, int]]:
    steps: list[tuple[int, int]] = []
    write_site(study, folder, lambda done, total: steps.append((done, total)), dist)
    return steps


def test_the_site_holds_the_servers_own_answers(published: World, live: Served, tmp_path: Path, dist: Path):
    steps = written(published.study, tmp_path / "site", dist)
    assert steps == [(done, len(steps)) for done in range(1, len(steps) + 1)]
    data = tmp_path / "site" / "data"
    for path, type_ in TYPES.items():
        content = json.loads((data / path).read_text())
        CONTRACT.check(type_, content)
        if path == "study.json":
            continue
        answer = live.get(f"data/{path}").json()
        if type_ == "FeaturePage":  # a site cannot be asked for other roles' examples
            shown, asked = content.pop("examples"), answer.pop("examples")
            assert asked == []
            assert shown == [live.get(f"data/first/feature/5/{one['role']}.json").json() for one in shown]
            assert len(shown) == 3
        assert content == answer
    assert json.loads((data / "study.json").read_text())["live"] is False
    alive = json.loads((data / "first" / "features.json").read_text())["feature_id"]
    assert {int(file.stem) for file in (data / "first" / "feature").iterdir()} == set(alive)
    assert (tmp_path / "site" / "index.html").is_file()


def test_responses_are_capped_and_the_roles_page_says_so(
    published: World, tmp_path: Path, dist: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("persona_assets.explorer.resources.role.PAGE", 2)
    monkeypatch.setattr(site, "MAX_PAGES", 3)
    monkeypatch.setattr(site, "MAX_FEATURES", 4)
    written(published.study, tmp_path / "site", dist)
    data = tmp_path / "site" / "data"
    assert sorted(file.name for file in (data / "role" / "ghost" / "responses").iterdir()) == [
        "1.json", "2.json", "3.json",
    ]  # fmt: skip
    role = json.loads((data / "first" / "role" / "ghost.json").read_text())
    assert (role["n_pages"], role["n_responses"]) == (3, 9)
    map_ = json.loads((data / "first" / "map.json").read_text())
    best = map_["features"]["feature_id"][:4]
    assert {int(file.stem) for file in (data / "first" / "feature").iterdir()} == set(best)


def test_an_earlier_site_is_replaced_whole(published: World, tmp_path: Path, dist: Path):
    folder = tmp_path / "site"
    written(published.study, folder, dist)
    (folder / "data" / "left.json").write_text("{}")
    written(published.study, folder, dist)
    assert not (folder / "data" / "left.json").exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["dist", "site"]


def test_a_folder_of_something_else_is_left_alone(published: World, tmp_path: Path, dist: Path):
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(StudyError, match="no earlier site"):
        written(published.study, tmp_path, dist)
    assert (tmp_path / "thesis.txt").read_text() == "years of work"


def test_a_site_that_fails_half_way_leaves_the_earlier_one(published: World, tmp_path: Path, dist: Path):
    folder = tmp_path / "site"
    written(published.study, folder, dist)
    before = (folder / "data" / "study.json").read_bytes()

    def stop(done: int, total: int) -> None:
        if done == 7:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_site(published.study, folder, stop, dist)
    assert (folder / "data" / "study.json").read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["dist", "site"]


def test_without_pages_or_data_it_says_what_to_do(published: World, own: World, tmp_path: Path, dist: Path):
    with pytest.raises(StudyError, match="make explorer"):
        written(published.study, tmp_path / "site", tmp_path / "none")
    with pytest.raises(StudyError, match="nothing is published yet"):
        written(own.study, tmp_path / "site", dist)
    assert not (tmp_path / "site").exists()
