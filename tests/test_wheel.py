"""The wheel, built from the checkout and installed elsewhere, runs the demo from an empty folder."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from persona_assets.cli.demo import LIVE, OTHERS
from tests.places import PROJECT, TOY
from tests.ports import free_port

PARTS = (
    "LICENSE",
    "README.md",
    "dagster.yaml",
    "data",
    "persona_assets",
    "pyproject.toml",
    "setup.py",
    "sql",
)
NOT_SHIPPED = ("persona_assets/defs/", "tests/toy/", "persona_assets/explorer/web/")
PAGES = "persona_assets/explorer/web/dist"

# A package of the checkout, and what `pip wheel` leaves in it, must not be taken for the wheel's.
LEFT_OUT = shutil.ignore_patterns("node_modules", "__pycache__", "assistant_axis", "*.egg-info")


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the checkout; pages that are not built here (without Node) have a stand-in."""
    source = tmp_path_factory.mktemp("source")
    for part in PARTS:
        if (PROJECT / part).is_dir():
            shutil.copytree(PROJECT / part, source / part, ignore=LEFT_OUT)
        else:
            shutil.copy(PROJECT / part, source / part)
    if not (source / PAGES).is_dir():
        (source / PAGES / "assets").mkdir(parents=True)
        (source / PAGES / "index.html").write_text("<!doctype html><title>Persona Assets</title>")
        (source / PAGES / "assets" / "index.js").write_text("")
        (source / PAGES / "licenses.txt").write_text("")
    return source


@pytest.fixture(scope="module")
def wheel(source: Path) -> Path:
    target = source.with_name("wheel")
    said = run(
        "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", str(target), str(source)
    )
    assert said.returncode == 0, said.stderr
    (wheel,) = target.glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def installed(wheel: Path) -> Path:
    """An environment's Python: the wheel is installed there, all other packages are those of the tests."""
    venv = wheel.parent.with_name("venv")
    run("-m", "venv", "--without-pip", str(venv))
    python = venv / "bin" / "python"
    (site_packages,) = venv.glob("lib/python*/site-packages")
    packages = [path for path in sys.path if path.endswith("site-packages")]
    (site_packages / "tests.pth").write_text("\n".join(packages))  # their own .pth files are not followed
    said = run(
        *("-m", "pip", "install", "-q", "--no-deps", "--no-index", "--ignore-installed", str(wheel)),
        python=python,
    )
    assert said.returncode == 0, said.stderr
    return python


def run(
    *arguments: str, python: Path | str = sys.executable, at: Path | None = None
) -> subprocess.CompletedProcess[str]:
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PERSONA_", "DAGSTER_HOME", "PYTHONPATH", "VIRTUAL_ENV"))
    }
    if at is not None:
        environment["XDG_CACHE_HOME"] = str(at / ".cache")
    return subprocess.run([str(python), *arguments], cwd=at, env=environment, capture_output=True, text=True)


def persona(python: Path, at: Path, *arguments: str) -> str:
    said = run(str(python.with_name("persona")), *arguments, python=python, at=at)
    assert said.returncode == 0, said.stderr
    return said.stdout


def test_the_wheel_holds_every_committed_file_that_is_not_for_the_checkout_alone(wheel: Path) -> None:
    listed = subprocess.run(
        ["git", "ls-files", "persona_assets", "sql"], cwd=PROJECT, capture_output=True, text=True
    )
    if listed.returncode:
        pytest.skip("not a checkout of git")
    held = set(zipfile.ZipFile(wheel).namelist())
    wanted = {
        f"persona_assets/shipped/{name}" if name.startswith("sql/") else name
        for name in listed.stdout.splitlines()
        if not name.startswith(NOT_SHIPPED) and (PROJECT / name).exists()
    }
    assert wanted <= held, sorted(wanted - held)
    assert {f"{PAGES}/index.html", f"{PAGES}/licenses.txt"} <= held
    assert not [name for name in held if name.startswith("tests/toy") or "/web/src/" in name]


@pytest.mark.parametrize(
    ("missing", "complaint"),
    [
        (PAGES, f"error: {PAGES}: the explorer's pages are not built; run `make explorer` first"),
        (f"{PAGES}/assets", f"error: {PAGES}: the explorer's pages are not built; run `make explorer` first"),
        (
            f"{PAGES}/licenses.txt",
            f"error: {PAGES}: an earlier build, without the licenses of what it holds; run `make explorer`",
        ),
        ("sql", "error: sql: is missing; build from a whole checkout or source distribution"),
        (
            "data/smollm2",
            "error: data/smollm2: is missing; build from a whole checkout or source distribution",
        ),
    ],
)
def test_without_what_it_needs_no_wheel_is_built(
    source: Path, tmp_path: Path, missing: str, complaint: str
) -> None:
    (source / missing).rename(tmp_path / "away")
    try:
        said = run("setup.py", "-q", "build_py", "--build-lib", str(tmp_path / "built"), at=source)
    finally:
        (tmp_path / "away").rename(source / missing)
    assert said.returncode == 1
    assert said.stderr.splitlines()[-1] == complaint
    assert not (tmp_path / "built").exists()


def test_outside_of_a_project_it_is_one_line(installed: Path, tmp_path: Path) -> None:
    said = run(str(installed.with_name("persona")), "status", "smollm2", python=installed, at=tmp_path)
    assert said.returncode == 2
    assert said.stderr.startswith(f"persona: {tmp_path}: neither this folder nor one above it is a project")
    assert len(said.stderr.splitlines()) == 1


def test_the_demo_runs_from_an_empty_folder_and_nothing_is_written_beside_the_package(
    installed: Path, tmp_path: Path
) -> None:
    where = run("-c", "import persona_assets as p; print(*p.__path__)", python=installed, at=tmp_path)
    package = Path(where.stdout.strip())
    assert package.is_relative_to(installed.parents[1])
    before = {file: file.stat().st_mtime_ns for file in package.parent.rglob("*")}
    persona(installed, tmp_path, "init", "--demo", "mine")
    mine = tmp_path / "mine"
    with_the_toy(mine)
    said = persona(installed, mine, "demo")
    assert "persona sql smollm2" in said
    query = "select role from roles where status = 'fresh' order by role"
    answer = persona(installed, mine / "lake", "sql", "smollm2", query, "--format", "csv")
    assert answer.split() == ["role", *sorted([LIVE, *OTHERS])]
    checked = run("-m", "dagster_dg_cli.cli", "check", "defs", python=installed, at=mine)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    for page in served(installed, mine):
        assert "<!doctype html>" in page.lower()
    assert {file: file.stat().st_mtime_ns for file in package.parent.rglob("*")} == before
    kept = [
        folder.name.rpartition("_")[0] for folder in (mine / ".cache" / "persona-assets" / "numba").iterdir()
    ]
    assert {"umap", "extract", "analysis"} <= set(kept)  # what Numba compiled of UMAP and of ours
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine"]


def with_the_toy(project: Path) -> None:
    """Have the tests' own model and SAE stand for SmolLM2's in the project, and ask them little."""
    (project / "models").mkdir()
    shutil.copytree(TOY / "model", project / "models" / "smollm2")
    shutil.rmtree(project / "data/smollm2/sae", ignore_errors=True)
    shutil.copytree(TOY / "sae", project / "data/smollm2/sae")
    study = project / "studies/defs/smollm2/defs.yaml"
    less = study.read_text().replace("questions.jsonl #", "questions.jsonl\n    limit: 2 #")
    study.write_text(
        less.replace("max_tokens: 64", "max_tokens: 24").replace("seed: 0", "prompt_indices: [0]")
    )


def served(python: Path, project: Path) -> Iterator[str]:
    """The page that `persona explore smollm2` serves."""
    port = free_port()
    command = [
        str(python),
        str(python.with_name("persona")),
        "explore",
        "smollm2",
        "--no-browser",
        "--port",
        str(port),
    ]
    with subprocess.Popen(command, cwd=project, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as server:
        try:
            yield answered(f"http://127.0.0.1:{port}/")
        finally:
            server.terminate()


def answered(address: str) -> str:
    deadline = time.monotonic() + 120
    while True:
        try:
            with urlopen(address, timeout=60) as answer:
                return str(answer.read().decode())
        except (TimeoutError, URLError, ConnectionError):
            assert time.monotonic() < deadline, "nobody answers"
            time.sleep(0.2)
