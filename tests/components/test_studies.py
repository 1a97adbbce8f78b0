"""Studies as `dg` and Dagster load them: checked, scaffolded, and each broken one shown as broken."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
import yaml

from persona_assets.base.errors import StudyError
from persona_assets.components.scaffold import ScaffoldParams, StudyScaffolder
from persona_assets.components.studies import load_studies
from persona_assets.study.study import COMPONENT, load_study, study_names
from tests.places import PROJECT

DG = str(Path(sys.executable).parent / "dg")
SETTINGS = """
[tool.dg]
directory_type = "project"
[tool.dg.project]
root_module = "elsewhere"
code_location_target_module = "persona_assets.definitions"
registry_modules = ["persona_assets.components"]
[tool.dg.cli]
suppress_warnings = ["project_and_activated_venv_mismatch"]
[tool.dg.cli.telemetry]
enabled = false
"""
BROKEN = {
    "empty": ("type: persona_assets.components.PersonaStudy\nattributes: {}\n", "roles: is missing"),
    "torn": ("type: persona_assets.components.PersonaStudy\nattributes: [\n", "not valid YAML"),
    "a_list": ("- type: persona_assets.components.PersonaStudy\n- attributes: {}\n", "must say `type:"),
    "deeper": ("persona_assets:\n  type: persona_assets.components.PersonaStudy\n", "must say `type:"),
    "unknown": ("type: persona_assets.components.Nothing\nattributes: {}\n", "must say `type:"),
    "odd name": ("type: persona_assets.components.PersonaStudy\n", "the folder's name is the study's"),
}


def dg_says(*arguments: str, folder: Path = PROJECT) -> tuple[int, str]:
    done = subprocess.run(
        [DG, *arguments],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(folder), "PYTHONWARNINGS": "ignore"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    return done.returncode, done.stdout


@pytest.fixture
def project(homes: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A project of its own, with a scaffolded study."""
    folder = homes / "project"
    (folder / "elsewhere" / "defs").mkdir(parents=True)
    (folder / "pyproject.toml").write_text(SETTINGS)
    (folder / "data").symlink_to(PROJECT / "data")
    for package in ("elsewhere", "elsewhere/defs"):
        (folder / package / "__init__.py").touch()
    mine = folder / "elsewhere" / "defs" / "mine"
    mine.mkdir()
    StudyScaffolder().scaffold(dg.ScaffoldRequest(COMPONENT, mine, "yaml", folder, ScaffoldParams()))
    monkeypatch.setenv("PERSONA_PROJECT", str(folder))
    monkeypatch.syspath_prepend(folder)
    yield folder
    for name in [name for name in sys.modules if name.partition(".")[0] == "elsewhere"]:
        del sys.modules[name]
    importlib.invalidate_caches()


def write(project: Path, name: str, text: str) -> None:
    study = project / "elsewhere" / "defs" / name
    study.mkdir()
    (study / "defs.yaml").write_text(text)


def shown(project: Path) -> dict[str, str]:
    """The description of every asset of the project."""
    graph = load_studies(project / "elsewhere").resolve_asset_graph()
    return {node.key.to_user_string(): node.description or "" for node in graph.asset_nodes}


def test_dg_finds_nothing_wrong_with_the_studies_of_the_repository(homes: Path) -> None:
    code, said = dg_says("check", "defs")
    assert (code, said.splitlines()[-1]) == (0, "All definitions loaded successfully."), said
    for study in study_names():  # dg looks at the last one only where it is asked about all
        code, said = dg_says("check", "yaml", f"persona_assets/defs/{study}")
        assert code == 0, said


def test_a_scaffolded_study_loads_and_is_the_one_that_the_documentation_shows(project: Path) -> None:
    code, said = dg_says("scaffold", "defs", COMPONENT, "first", folder=project)
    assert code == 0, said
    file = project / "elsewhere" / "defs" / "first" / "defs.yaml"
    load_study(file.parent)
    assert "first/responses" in shown(project)
    documented = (PROJECT / "docs" / "study.md").read_text().split("```yaml\n")[1].split("```")[0]
    assert yaml.safe_load(file.read_text()) == yaml.safe_load(documented)


def test_a_study_is_not_scaffolded_under_a_name_that_it_cannot_have(project: Path) -> None:
    code, said = dg_says("scaffold", "defs", COMPONENT, "Mine", folder=project)
    assert code != 0
    assert "'Mine' is no name of a study" in said


def test_studies_that_do_not_load_are_shown_with_their_line_while_the_others_live(project: Path) -> None:
    for name, (text, _) in BROKEN.items():
        write(project, name, text)
    write(project, "a-list", (project / "elsewhere" / "defs" / "mine" / "defs.yaml").read_text())
    descriptions = shown(project)
    for name, (_, line) in BROKEN.items():
        [said] = [
            text
            for asset, text in descriptions.items()
            if asset.startswith(name.replace(" ", "_")) and "does_not_load" in asset
        ]
        assert line in said
        assert "\n" not in said
    assert {"mine/responses", "mine/warehouse"} <= descriptions.keys()
    code, said = dg_says("check", "defs", "--no-check-yaml", folder=project)
    assert code == 1
    for name, (_, line) in BROKEN.items():
        assert f"defs/{name}" in said.replace("\n", "")
        assert line in said


def test_studies_of_one_name_for_dagster_are_told_apart(project: Path) -> None:
    text = (project / "elsewhere" / "defs" / "mine" / "defs.yaml").read_text()
    write(project, "a-b", text)
    write(project, "a_b", text)
    descriptions = shown(project)
    assert "a-b/responses" in descriptions
    assert "a-b has this name; rename one" in descriptions["a_b/does_not_load"]


def test_a_data_set_among_the_studies_makes_nothing_and_hides_no_study(
    project: Path, caplog: pytest.LogCaptureFixture
) -> None:
    before = shown(project)
    text = (project / "elsewhere" / "defs" / "mine" / "defs.yaml").read_text()
    settings = yaml.safe_load(text)["attributes"]
    for folder, study in (("copy", "mine"), ("Their copy", "theirs"), ("a_b", "pirates")):
        write(project, folder, text)
        said = {"study": study, "license": "mit", "made_by": "x", "published_at": "x", "snapshot": "x"}
        listed = json.dumps(said | {"settings": settings, "files": []}, default=str)
        (project / "elsewhere" / "defs" / folder / "dataset.json").write_text(listed)
    write(project, "a-b", text)
    caplog.clear()
    assert {asset for asset in shown(project) if not asset.startswith("a-b/")} == before.keys()
    assert [record.message for record in caplog.records] == [
        "Their copy, a_b, copy: data sets, which are only read: Dagster makes nothing of them"
    ]
    by_dagster_alone = dg.load_from_defs_folder(path_within_project=project / "elsewhere")
    assert "a-b/responses" in {key.to_user_string() for key in by_dagster_alone.resolve_all_asset_keys()}


def test_a_setting_of_the_environment_that_is_wrong_shows_every_study_broken(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PERSONA_ROLES_PER_RUN", "x")
    assert shown(project) == {
        "mine/does_not_load": "PERSONA_ROLES_PER_RUN=x: give a number of roles, such as 4"
    }
    monkeypatch.setenv("DAGSTER_IS_DEFS_VALIDATION_CLI", "1")
    with pytest.raises(Exception, match="Error while building") as raised:
        load_studies(project / "elsewhere")
    assert isinstance(raised.value.__cause__, StudyError)


def test_launching_a_study_that_does_not_load_fails_with_its_line(project: Path) -> None:
    write(project, "empty", BROKEN["empty"][0])
    definitions = load_studies(project / "elsewhere")
    broken = dg.AssetKey(["empty", "does_not_load"])
    with dg.DagsterInstance.ephemeral() as instance:
        result = definitions.resolve_implicit_global_asset_job_def().execute_in_process(
            asset_selection=[broken], instance=instance, raise_on_error=False
        )
    [failure] = result.get_step_failure_events()
    assert failure.step_failure_data.user_failure_data is not None
    assert "roles: is missing" in (failure.step_failure_data.user_failure_data.description or "")
