"""Kill -9 at seeded moments of every command that writes: the lake stays whole, and the next run works.

A moment is the n-th time that the command opens, renames, links or deletes something below its folders, as
Python's audit events tell.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from persona_assets.health.verify import verify
from persona_assets.interchange.export import export_study
from persona_assets.lake.schema import RESPONSES
from persona_assets.study.study import Study, load_study
from persona_assets.warehouse import connect
from tests.attack.cases import chosen
from tests.attack.test_lake_faults import SAE, answers, asked, finished, ghosts, make_whole
from tests.labels.server import MODEL, SOURCE, Server, running
from tests.warehouse.world import land

N_MOMENTS = 5  # of each command, in `make attack`

DRIVER = """
import os, signal, sys
folder, last, report = sys.argv[1], int(sys.argv[2]), sys.argv[3]
OF_FILES = {"open", "os.rename", "os.remove", "os.link", "os.mkdir", "os.rmdir", "shutil.rmtree"}
n_events = 0

def watch(event, arguments):
    global n_events
    if event in OF_FILES and folder in str(arguments[0]) + str(arguments[1:2]):
        n_events += 1
        if n_events == last:
            os.kill(os.getpid(), signal.SIGKILL)

from pathlib import Path
from persona_assets.study.study import load_study
study, other = load_study(sys.argv[4]), Path(sys.argv[5])
COMMANDS = {}

def command(function):
    COMMANDS[function.__name__] = function

@command
def publication():
    from persona_assets.warehouse import publish
    publish(study)

@command
def importing():
    from persona_assets.interchange.importing import import_study
    import_study(study, other / "exported", overwrite=True)

@command
def site():
    from persona_assets.explorer.site import write_site
    write_site(study, other / "site", lambda *_: None, other / "dist")

@command
def garbage():
    from datetime import timedelta
    from persona_assets.health.garbage import remove_garbage
    remove_garbage(study, timedelta(0))

@command
def repair():
    from persona_assets.health.repair import remove_damaged
    from persona_assets.health.verify import verify
    remove_damaged(study, verify(study))

@command
def labels():
    from persona_assets.labels.stage import fetch_labels, land_labels
    fetch_labels(study, "first", range(40), refresh=True)
    land_labels(study, "first")

sys.addaudithook(watch)
COMMANDS[sys.argv[6]]()
Path(report).write_text(str(n_events))
"""
COMMANDS = ("publication", "importing", "site", "garbage", "repair", "labels")
MOMENTS = [(command, number) for command in COMMANDS for number in range(N_MOMENTS)]


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A server of labels."""
    with running() as server:
        server.describe(range(40))
        yield server


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, server: Server) -> Path:
    """A study on the demo's model and SAE, finished and published, with what the commands read."""
    folder = tmp_path_factory.mktemp("whole")
    make_whole(
        folder,
        **{
            "generation.model": "tests/toy/data/model",
            "extraction.model": "tests/toy/data/model",
            "extraction.saes": {SAE: {"path": "tests/toy/data/sae", "neuronpedia_id": f"{MODEL}/{SOURCE}"}},
            "labels.api": server.url,
        },
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PERSONA_LAKE", str(folder / "lake"))
        export_study(load_study(folder / "small" / "defs.yaml"), folder / "exported")
    (folder / "dist").mkdir()
    (folder / "dist" / "index.html").write_text("<html></html>")
    return folder


@pytest.fixture
def place(whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a copy of all that the commands read and write."""
    for name in ("lake", "exported", "dist"):
        shutil.copytree(whole / name, tmp_path / name)
    monkeypatch.setenv("PERSONA_LAKE", str(tmp_path / "lake"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path


def run(command: str, study: Study, place: Path, last: int = 0) -> int:
    """Run a command that kills itself at event `last`; how many events there were, 0 where it was killed."""
    report = place.parent / f"{place.name}.events"
    report.unlink(missing_ok=True)
    arguments = [str(place), str(last), str(report), str(study.file), str(place), command]
    process = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", DRIVER, *arguments],
        capture_output=True, text=True, env=os.environ, timeout=300, check=False,
    )  # fmt: skip
    assert process.returncode in (0, -signal.SIGKILL), process.stderr[-2000:]
    return int(report.read_text()) if process.returncode == 0 else 0


def prepare(command: str, study: Study) -> None:
    """Have something for the command to do."""
    if command == "garbage":
        land(study, RESPONSES, asked(study, "ghost"), "ghost")
        finished(load_study(study.file))
    if command == "repair":
        damaged = ghosts(study, "responses")
        damaged.write_bytes(damaged.read_bytes()[:-40])


@pytest.fixture(scope="module")
def spared() -> dict[str, tuple[int, Any]]:
    """How many moments each command has, and the answers after it, once it was run whole."""
    return {}


@pytest.mark.parametrize(("command", "number"), chosen(MOMENTS, 0.2))
def test_a_command_killed_at_any_moment_leaves_the_lake_whole_and_the_next_run_works(
    whole: Path, place: Path, command: str, number: int, spared: dict[str, tuple[int, Any]]
) -> None:
    study = load_study(whole / "small" / "defs.yaml")
    prepare(command, study)
    if command not in spared:
        again = place.with_name(f"{place.name}-counted")
        shutil.copytree(place, again)
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("PERSONA_LAKE", str(again / "lake"))
            n_events = run(command, load_study(study.file), again)
            finished(load_study(study.file))
            spared[command] = n_events, answers(load_study(study.file))
    n_events, right = spared[command]
    assert n_events > 0
    last = random.Random(f"{command} {number}").randint(1, n_events)
    run(command, study, place, last)
    if command != "repair":
        assert verify(load_study(study.file)).problems == []
        with connect(study) as warehouse:
            assert warehouse.execute("select count(*) from responses").fetchall() == [(18,)]
    assert run(command, load_study(study.file), place) > 0, "the next run works"
    finished(load_study(study.file))
    assert verify(load_study(study.file)).problems == []
    assert answers(load_study(study.file)) == right
    left = [path.relative_to(place).as_posix() for path in place.rglob(".*") if path.name != ".persona-site"]
    assert [name for name in left if not name.startswith("cache/")] == []
