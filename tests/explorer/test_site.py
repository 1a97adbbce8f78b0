"""The static site: the same answers as files, whole or not at all."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from persona_assets.base.errors import StudyError
from persona_assets.base.progress import unheard
from persona_assets.base.queries import query
from persona_assets.explorer import site
from persona_assets.explorer.server.encoding import encoded
from persona_assets.explorer.site import write_site
from persona_assets.explorer.snapshot.opened import Snapshots
from persona_assets.study.study import Study
from tests.explorer.contract import check
from tests.explorer.served import Served
from tests.warehouse.world import World

TYPES = {
    "study.json": "Study",
    "first/map.json": "MapData",
    "first/feature/5.json": "FeaturePage",
    "first/histogram/5.json": "Histogram",
    "first/peaks/5.json": "FeaturePeaks",
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
    assert steps == sorted(steps) and steps[-1][0] == steps[-1][1]
    data = tmp_path / "site" / "data"
    for path, type_ in TYPES.items():
        content = json.loads((data / path).read_text())
        check(type_, content)
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
    monkeypatch.setattr(site, "AT_ONCE", 3)  # two draughts, the second of one feature
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
    assert {int(file.stem) for file in (data / "first" / "peaks").iterdir()} == set(best)


def test_what_is_asked_of_many_features_at_once_is_what_the_server_says_of_each(
    published: World, live: Served, tmp_path: Path, dist: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(site, "AT_ONCE", 7)
    written(published.study, tmp_path / "site", dist)
    folder = tmp_path / "site" / "data" / "second"
    found = {path.stem: json.loads(path.read_text()) for path in (folder / "peaks").iterdir()}
    assert len(found) > 14 and any(one["over_range"] and one["silent"] for one in found.values())
    for feature_id in found:
        for kind in ("peaks", "lengths", "histogram"):
            asked = f"{kind}/{feature_id}.json"
            assert (folder / asked).read_bytes() == live.get(f"data/second/{asked}").content
        page = json.loads((folder / "feature" / f"{feature_id}.json").read_text())
        roles = [row for row in page["roles"] if row["n_active_responses"]]
        strongest = [row["role"] for row in sorted(roles, key=lambda row: -row["mean"])[:3]]
        asked = f"data/second/feature/{feature_id}"
        examples = [live.get(f"{asked}/{role}.json").json() for role in strongest]
        whole = live.get(f"{asked}.json").json() | {"examples": examples}
        assert (folder / "feature" / f"{feature_id}.json").read_bytes() == encoded(whole)


def test_what_is_written_is_counted(published: World, tmp_path: Path, dist: Path):
    rows: list[tuple[int, int]] = []
    made = write_site(
        published.study,
        tmp_path / "site",
        unheard,
        dist,
        of_database=lambda done, total: rows.append((done, total)),
    )
    files = [file for file in (tmp_path / "site" / "data").rglob("*") if file.is_file()]
    of_sql = [file for file in files if file.name in ("sql.json", "schema.json", "examples.json")]
    [database] = [file for file in files if file.suffix == ".duckdb"]
    assert made == site.Site(len(files) - len(of_sql) - 1, database.stat().st_size)
    with duckdb.connect(str(database), read_only=True) as connection:
        count = "select sum(estimated_size) from duckdb_tables() where database_name = current_database()"
        assert rows[-1] == (*connection.execute(count).fetchone(),) * 2
    assert rows == sorted(rows)


def test_an_earlier_site_is_replaced_whole(published: World, tmp_path: Path, dist: Path):
    folder = tmp_path / "site"
    written(published.study, folder, dist)
    (folder / "data" / "left.json").write_text("{}")
    written(published.study, folder, dist)
    assert not (folder / "data" / "left.json").exists()
    (folder / "CNAME").write_text("study.example.org")
    with pytest.raises(StudyError, match="CNAME: is no part of the site that would be replaced"):
        written(published.study, folder, dist)
    assert (folder / "CNAME").read_text() == "study.example.org"
    (folder / "CNAME").unlink()
    (folder / ".persona-site").write_text("small\n")  # as earlier versions marked it
    (folder / "icon.svg").write_text("<svg/>")
    written(published.study, folder, dist)
    assert not (folder / "icon.svg").exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["dist", "site"]


def test_a_folder_of_something_else_is_left_alone(published: World, tmp_path: Path, dist: Path):
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(StudyError, match="no site"):
        written(published.study, tmp_path, dist)
    assert (tmp_path / "thesis.txt").read_text() == "years of work"


def test_a_site_that_fails_half_way_leaves_the_earlier_one(published: World, tmp_path: Path, dist: Path):
    folder = tmp_path / "site"
    written(published.study, folder, dist)
    before = (folder / "data" / "study.json").read_bytes()

    def stop(done: int, total: int) -> None:
        if done >= 7:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_site(published.study, folder, stop, dist)
    assert (folder / "data" / "study.json").read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["dist", "site"]


WRITE = """
import sys
from pathlib import Path
from persona_assets.cli.edge import ending_in_a_line
from persona_assets.explorer.site import write_site
from persona_assets.study.study import load_study
study, folder, dist = sys.argv[1:]
with ending_in_a_line():
    write_site(load_study(study), Path(folder), lambda done, total: None, Path(dist))
"""


ENDLESS = """
import threading
from persona_assets.explorer import site, site_database
from persona_assets.explorer.snapshot import asking
phase, pages = sys.argv.pop(), threading.Event()
module = site_database if phase == "database" else asking
asked, write = module.query, site._write
def endless(name):
    if threading.current_thread() is threading.main_thread() or phase == "pages" and not pages.is_set():
        return asked(name)
    print("asked", flush=True)
    return "select count(*) from range(10000000) a, range(100000000) b where a.range * b.range % 7 = 3"
def writing(*given):
    pages.set()
    return write(*given)
module.query, site._write = endless, writing
"""


@pytest.mark.parametrize("phase", ["database", "list", "pages"])
def test_ctrl_c_ends_it_whatever_it_asks_and_leaves_nothing(
    published: World, tmp_path: Path, dist: Path, phase: str
):
    code = WRITE.replace("study, folder", ENDLESS + "study, folder")
    words = [published.study.file, tmp_path / "site", dist, phase]
    environment = {**os.environ, "PERSONA_LAKE": published.study.lake.root}
    with subprocess.Popen(
        [sys.executable, "-c", code, *map(str, words)], env=environment, stdout=subprocess.PIPE
    ) as process:
        try:
            assert process.stdout is not None and process.stdout.readline() == b"asked\n"
            process.send_signal(signal.SIGINT)
            assert process.wait(300) == 130
        finally:
            process.kill()
    assert [path.name for path in tmp_path.iterdir()] == ["dist"]


def test_what_the_pages_ask_is_bounded_in_memory(published: World):
    snapshots = Snapshots(published.study)
    with snapshots.newest().cursor() as cursor:
        [(memory, folder)] = cursor.execute(
            "select current_setting('memory_limit'), current_setting('temp_directory')"
        ).fetchall()
    snapshots.close()
    assert memory == "1.8 GiB" and Path(folder).is_absolute() and not Path(folder).exists()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 kB."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", place]
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("mounting a tmpfs needs root")
    yield place
    subprocess.run(["umount", place], check=True)


@pytest.mark.parametrize("n_bytes", [10, 200_000])  # full in the data, full in the pages
def test_a_full_disk_is_one_line_and_leaves_nothing(
    published: World, small_disk: Path, dist: Path, n_bytes: int
):
    for number in range(3):
        (dist / f"{number}.js").write_bytes(b"x" * n_bytes)
    words = [published.study.file, small_disk / "site", dist]
    environment = {**os.environ, "PERSONA_LAKE": published.study.lake.root}
    done = subprocess.run(
        [sys.executable, "-c", WRITE, *words], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 2  # and not a signal
    assert re.fullmatch(
        f"persona: cannot write {small_disk}/site: No space left on device; free some space, "
        "or name another folder, and run again\n",
        done.stderr,
    )
    assert list(small_disk.iterdir()) == []


def test_a_place_below_a_file_is_refused(published: World, tmp_path: Path, dist: Path):
    (tmp_path / "thesis.txt").write_text("years of work")
    for place in ("thesis.txt", "thesis.txt/site"):
        with pytest.raises(StudyError, match=r"thesis\.txt: is a file; name a folder$"):
            written(published.study, tmp_path / place, dist)


def test_closing_waits_for_what_goes_on_in_the_background(published: World, monkeypatch: pytest.MonkeyPatch):
    endless = "select count(*) from range(10000000) a, range(100000000) b where a.range * b.range % 7 = 3"
    monkeypatch.setattr(
        "persona_assets.explorer.snapshot.opened.query",
        lambda name: endless if name == "explorer/role_effects" else query(name),
    )
    snapshots = Snapshots(published.study)
    snapshots.newest()
    snapshots.close()
    assert "role effects" not in {thread.name for thread in threading.enumerate()}


def test_without_pages_or_data_it_says_what_to_do(published: World, own: World, tmp_path: Path, dist: Path):
    with pytest.raises(StudyError, match="make explorer"):
        written(published.study, tmp_path / "site", tmp_path / "none")
    with pytest.raises(StudyError, match="nothing is published yet"):
        written(own.study, tmp_path / "site", dist)
    assert not (tmp_path / "site").exists()
