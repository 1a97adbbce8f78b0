from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from persona_assets.base.errors import StudyError
from persona_assets.base.project import project
from persona_assets.cli.app import app
from persona_assets.stages.marts import find_marts
from persona_assets.study.new_project import lay_out
from persona_assets.study.study import load_study, study_names
from tests.places import PROJECT


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "a" / "my project"


def content(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def test_a_new_project_is_one_and_has_the_real_study(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lay_out(folder, demo=False)
    monkeypatch.chdir(folder)
    assert project() == folder
    assert study_names() == ["gemma_3_27b"]
    assert not (folder / "data" / "smollm2").exists()
    assert not list(folder.rglob("*.tmp"))


def test_the_demo_is_laid_out_as_the_checkout_has_it(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lay_out(folder, demo=False)
    written = lay_out(folder, demo=True)  # afterwards, too
    assert written and all("smollm2" in str(path) for path in written)
    monkeypatch.chdir(folder)
    study = load_study("smollm2")
    assert [*find_marts(study)] == ["role_of_each_feature"]
    assert len(study.roles) == 30 and len(study.questions(study.role("pirate"))) == 18
    for place in ("data/smollm2", "data/roles"):
        assert content(folder / place) == content(PROJECT / place)


def test_dagsters_history_has_the_projects_settings(folder: Path) -> None:
    lay_out(folder, demo=False)
    settings = (folder / ".dagster" / "dagster.yaml").read_bytes()
    assert settings == (folder / "dagster.yaml").read_bytes() == (PROJECT / "dagster.yaml").read_bytes()


def test_a_location_is_named_after_the_folder_whatever_its_name(tmp_path: Path) -> None:
    folder = tmp_path / 'it\'s "my": $x\n'
    lay_out(folder, demo=False)
    (location,) = yaml.safe_load((folder / "workspace.yaml").read_text())["load_from"]
    assert location["python_module"]["location_name"] == "it_s_my_x_"
    assert 'code_location_name = "it_s_my_x_"' in (folder / "pyproject.toml").read_text()
    assert (folder / "README.md").read_text().startswith("# it_s_my_x_\n")


@pytest.mark.parametrize(
    "taken", ["pyproject.toml", "data/roles/instructions/pirate.json", ".dagster/dagster.yaml"]
)
def test_nothing_is_overwritten_and_nothing_written_beside(folder: Path, taken: str) -> None:
    (folder / taken).parent.mkdir(parents=True)
    (folder / taken).write_text("mine")
    with pytest.raises(StudyError, match=rf"^{folder}/{taken}: is there already, and nothing is overwritten"):
        lay_out(folder, demo=False)
    assert content(folder) == {taken: b"mine"}


@pytest.mark.parametrize("taken", ["", "data", "studies/defs"])
def test_a_file_in_a_folders_place_is_named(folder: Path, taken: str) -> None:
    (folder / taken).parent.mkdir(parents=True, exist_ok=True)
    (folder / taken).write_text("mine")
    with pytest.raises(StudyError, match=r"is there already"):
        lay_out(folder, demo=False)


def test_a_link_that_points_nowhere_is_not_followed(folder: Path, tmp_path: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "README.md").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StudyError, match=r"README.md: is there already"):
        lay_out(folder, demo=False)
    assert not (tmp_path / "elsewhere").exists()


def test_what_was_cut_off_is_no_project_until_it_is_laid_out_again(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    n_but_one = len(lay_out(tmp_path / "whole", demo=False)) - 1
    written: list[str] = []
    replace = Path.replace

    def failing(self: Path, target: Path) -> Path:
        if len(written) == n_but_one:
            raise OSError(28, "No space left on device")
        written.append(str(target))
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", failing)
    with pytest.raises(StudyError, match=r"^cannot write .*: No space left on device"):
        lay_out(folder, demo=False)
    assert len(content(folder)) == n_but_one and not (folder / "pyproject.toml").exists()
    monkeypatch.undo()
    lay_out(folder, demo=False)
    assert (folder / "pyproject.toml").is_file()


def test_the_command_says_how_to_go_on(folder: Path) -> None:
    said = (
        CliRunner().invoke(app, ["init", "--demo", str(folder)], catch_exceptions=False).stdout.splitlines()
    )
    assert said[0].startswith(f"{folder}: a project (")
    assert said[1:] == [f"  cd '{folder}'", "  persona demo", "  DAGSTER_HOME=$PWD/.dagster dg dev"]
