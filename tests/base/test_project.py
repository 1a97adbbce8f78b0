from __future__ import annotations

import os
from pathlib import Path

import pytest

from persona_assets.base import project as module
from persona_assets.base.errors import StudyError
from persona_assets.base.project import in_project, project, studies_folder
from persona_assets.cli.instance import dagster_instance
from persona_assets.lake.lake import Lake
from persona_assets.study.study import load_study, study_names
from tests.conftest import write_study
from tests.places import PROJECT, write_project


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current directory is no project, and no variable names one."""
    for variable in ("PERSONA_PROJECT", "PERSONA_LAKE", "PERSONA_WAREHOUSE", "DAGSTER_HOME"):
        monkeypatch.setenv(variable, "")  # so that what a test sets is taken back
        monkeypatch.delenv(variable)
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The package is not in a checkout."""
    monkeypatch.setattr(module, "_CHECKOUT", tmp_path / "site-packages")


def test_from_anywhere_else_the_project_is_the_checkout() -> None:
    assert project() == PROJECT
    assert studies_folder(project()) == PROJECT / "persona_assets" / "defs"


def test_the_nearest_project_at_or_above_the_current_directory_comes_before_the_checkout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_project(tmp_path / "mine")
    deep = tmp_path / "mine" / "lake" / "deep"
    deep.mkdir(parents=True)
    (deep / "pyproject.toml").write_text("[tool.ruff]\n")  # somebody's package, not a project
    monkeypatch.chdir(deep)
    assert project() == tmp_path / "mine"


def test_the_variable_comes_before_the_current_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("mine", "other"):
        write_project(tmp_path / name)
    monkeypatch.chdir(tmp_path / "mine")
    monkeypatch.setenv("PERSONA_PROJECT", "../other")
    assert project() == tmp_path / "mine" / ".." / "other"


def test_a_variable_that_names_no_project_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_project(tmp_path / "mine")
    monkeypatch.chdir(tmp_path / "mine")
    monkeypatch.setenv("PERSONA_PROJECT", str(tmp_path / "nowhere"))
    with pytest.raises(StudyError, match=r"^PERSONA_PROJECT=.*/nowhere: is no project .*persona init`$"):
        project()


@pytest.mark.usefixtures("installed")
def test_without_any_project_it_is_one_line(elsewhere: Path) -> None:
    with pytest.raises(
        StudyError, match=rf"^{elsewhere}: neither this folder .*PERSONA_PROJECT.*persona init DIR`$"
    ):
        project()
    assert in_project("/data/x") == Path("/data/x")


def test_a_pyproject_that_is_not_toml_is_named(elsewhere: Path) -> None:
    (elsewhere / "pyproject.toml").write_text("[tool.dg.project")
    with pytest.raises(StudyError, match=rf"^{elsewhere}/pyproject.toml: not valid TOML"):
        project()


@pytest.mark.parametrize("content", ["tool = 1", "[tool]\ndg = []", "[tool.dg]\nproject = 'x'", ""])
def test_a_pyproject_without_dagsters_table_makes_no_project(elsewhere: Path, content: str) -> None:
    (elsewhere / "pyproject.toml").write_text(content)
    assert project() == PROJECT


@pytest.mark.parametrize(
    ("settings", "where"),
    [
        ('root_module = "studies"', "studies/defs"),
        ('root_module = "a.b"\ndefs_module = "a.b.c"', "a/b/c"),
    ],
)
def test_studies_are_in_the_folder_of_the_module_that_dagster_loads(
    tmp_path: Path, settings: str, where: str
) -> None:
    write_project(tmp_path / "mine", settings)
    assert studies_folder(tmp_path / "mine") == tmp_path / "mine" / where
    (tmp_path / "mine" / "src").mkdir()
    assert studies_folder(tmp_path / "mine") == tmp_path / "mine" / "src" / where


@pytest.mark.parametrize("settings", ["", "root_module = 1", 'root_module = "a"\ndefs_module = 2'])
def test_a_project_that_names_no_module_is_one_line(tmp_path: Path, settings: str) -> None:
    write_project(tmp_path / "mine", settings)
    with pytest.raises(StudyError, match=r"root_module must name a module"):
        studies_folder(tmp_path / "mine")


def test_studies_data_lake_and_history_are_those_of_the_project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_study(write_project(tmp_path / "mine") / "one")
    monkeypatch.setenv("PERSONA_PROJECT", str(tmp_path / "mine"))
    assert study_names() == ["one"]
    study = load_study("one")
    assert study.path("data/x") == tmp_path / "mine" / "data" / "x"
    assert study.lake.root == str(tmp_path / "mine" / "lake")
    assert Lake("s3://bucket/prefix", "one").local_root == tmp_path / "mine" / ".warehouse" / "bucket--prefix"
    with dagster_instance() as instance:
        assert instance.root_directory == str(tmp_path / "mine" / ".dagster")
    assert os.environ["DAGSTER_HOME"] == str(tmp_path / "mine" / ".dagster")


def test_a_user_that_is_not_there_is_one_line() -> None:
    with pytest.raises(StudyError, match=r"^~nobodyx/data: there is no such user"):
        in_project("~nobodyx/data")
