"""A user's mistake, typed as a user would: one clear line, exit status 2, earlier data intact."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from persona_assets.base.errors import StudyError
from persona_assets.cli import main
from persona_assets.cli.exchange import import_outputs
from persona_assets.cli.run import run_study
from persona_assets.lake.schema import TABLES
from persona_assets.stages.of_roles import RoleFiles
from persona_assets.study.study import Study
from tests.conftest import StudyMaker
from tests.places import PROJECT

Complaint = Callable[..., str]


@pytest.fixture
def complaint(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Complaint:
    """Run `persona …`, which must fail with status 2; returns its last line, the only one of an error."""

    def run(*words: object) -> str:
        monkeypatch.setattr(sys, "argv", ["persona", *map(str, words)])
        with pytest.raises(SystemExit) as left:
            main()
        *before, last = capsys.readouterr().err.splitlines()
        assert left.value.code == 2
        assert last.startswith("persona: ")
        assert not [line for line in before if "Traceback" in line or "Error" in line]
        return last

    return run


def landed(study: Study) -> list[str]:
    return [file.path for table in TABLES.values() for file in study.lake.files(table)]


@pytest.fixture
def role_directory(tmp_path: Path) -> Path:
    directory = tmp_path / "roles"
    directory.mkdir()
    for name in ("default", "pirate"):
        shutil.copy(PROJECT / "data/roles/instructions" / f"{name}.json", directory)
    return directory


def test_a_role_file_without_instruction(
    make_study: StudyMaker, role_directory: Path, complaint: Complaint
) -> None:
    (role_directory / "pirate.json").write_text(json.dumps({"questions": ["Why?"]}))
    study = make_study(changes={"roles": {"directory": str(role_directory)}})
    assert "pirate.json: has no instruction; add" in complaint("run", study.file, "--select", "catalog")


def test_a_role_file_that_is_not_json(
    make_study: StudyMaker, role_directory: Path, complaint: Complaint
) -> None:
    (role_directory / "pirate.json").write_text("{")
    study = make_study(changes={"roles": {"directory": str(role_directory)}})
    assert "pirate.json: not valid JSON" in complaint("run", study.file)
    assert landed(study) == []


def test_a_role_file_whose_name_is_no_name(
    make_study: StudyMaker, role_directory: Path, complaint: Complaint
) -> None:
    (role_directory / "pirate.json").rename(role_directory / "The Pirate.json")
    study = make_study(changes={"roles": {"directory": str(role_directory)}})
    assert "role name 'The Pirate' is not allowed" in complaint("run", study.file)


@pytest.mark.parametrize("name", ["../x", "a/b"])
def test_a_chosen_role_that_is_a_path(study: Study, complaint: Complaint, name: str) -> None:
    assert f"no role {name!r}; its roles: default, ghost, pirate" in complaint(
        "run", study.file, "--roles", name
    )


def test_a_role_misspelt_among_many_is_answered_with_those_like_it(
    make_study: StudyMaker, complaint: Complaint
) -> None:
    study = make_study(changes={"roles.include": "all"})
    assert complaint("run", study.file, "--roles", "pirat").endswith(
        "no role 'pirat' among its 30; did you mean pirate?"
    )
    assert complaint("top-features", study.file, "zzz").endswith("`persona status small` lists them")


@pytest.mark.parametrize(("option", "kind"), [("--roles", "role"), ("--select", "asset")])
def test_an_option_that_names_nothing(study: Study, complaint: Complaint, option: str, kind: str) -> None:
    assert f"no {kind} named" in complaint("run", study.file, option, " ,")


def test_files_of_earlier_scripts_that_are_not_there(
    study: Study, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(StudyError, match="holds no files of small's roles"):
        import_outputs(study, tmp_path / "nothing", overwrite=False)
    assert capfd.readouterr().err.strip() == ""  # no bar for what did not begin


def test_a_question_id_that_is_used_twice(
    make_study: StudyMaker, tmp_path: Path, complaint: Complaint
) -> None:
    questions = tmp_path / "questions.jsonl"
    questions.write_text('{"id": 1, "question": "Why?"}\n{"id": 1, "question": "How?"}\n')
    study = make_study(changes={"questions.file": str(questions)})
    assert f"{questions}:2: question id 1 is used twice" in complaint("run", study.file)


def test_role_data_that_are_not_there_yet(make_study: StudyMaker, complaint: Complaint) -> None:
    study = make_study(changes={"roles": {"directory": "data/nowhere"}})
    bring = "no role files here yet; bring them in with `persona roles import SOURCE`"
    assert bring in complaint("run", study.file)
    assert f"{bring}; then run `persona run small`" in complaint("sql", study.file, "from roles")


@pytest.mark.parametrize("block", ["generation", "extraction"])
def test_a_model_directory_that_is_missing(make_study: StudyMaker, complaint: Complaint, block: str) -> None:
    study = make_study(changes={f"{block}.model": "tests/toy/data/nothing"})
    assert "tests/toy/data/nothing: no such model directory" in complaint("run", study.file)


def sae_copy(tmp_path: Path, **changes: Any) -> Path:
    """The demo's SAE with its cfg.json changed; keys of `metadata` start with `metadata_`."""
    copy = tmp_path / "sae"
    shutil.copytree(PROJECT / "tests/toy/data/sae", copy)
    config = json.loads((copy / "cfg.json").read_text())
    for key, value in changes.items():
        block = config["metadata"] if key.startswith("metadata_") else config
        block[key.removeprefix("metadata_")] = value
    (copy / "cfg.json").write_text(json.dumps(config))
    return copy


def test_an_sae_at_a_layer_that_the_model_lacks(
    make_study: StudyMaker, tmp_path: Path, complaint: Complaint
) -> None:
    sae = sae_copy(tmp_path, metadata_hook_name="blocks.40.hook_resid_post")
    study = make_study(changes={"extraction.saes": {"deep": {"path": str(sae)}}})
    message = complaint("run", study.file, "--roles", "pirate")
    assert str(sae) in message
    assert "40" in message
    assert RoleFiles(study, "pirate").responses is None  # it is said before answers are paid for


def test_an_sae_of_another_width_than_the_model(
    make_study: StudyMaker, tmp_path: Path, complaint: Complaint
) -> None:
    from sae_lens import SAE

    sae = tmp_path / "narrow"
    config = SAE.load_from_disk(PROJECT / "tests/toy/data/sae").cfg
    config.d_in = 8
    type(SAE.load_from_disk(PROJECT / "tests/toy/data/sae"))(config).save_model(sae)
    study = make_study(changes={"extraction.saes": {"narrow": {"path": str(sae)}}})
    message = complaint("run", study.file, "--roles", "pirate")
    assert "8" in message
    assert str(sae) in message


def test_an_activations_file_that_was_cut_on_disk(study: Study, complaint: Complaint) -> None:
    run_study(study, ["pirate"], ["responses", "activations"], overwrite=False)
    file = RoleFiles(study, "pirate").activations("demo")
    assert file is not None
    path = Path(study.lake.uri(file.path))
    path.write_bytes(path.read_bytes()[:-50])
    message = complaint("run", study.file, "--roles", "pirate", "--select", "role_features")
    assert f"{path}: damaged" in message
    assert "--delete" in message


@pytest.fixture
def small_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A lake on a file system of 64 kB."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", place]
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("mounting a tmpfs needs root")
    monkeypatch.setenv("PERSONA_LAKE", str(place))
    yield place
    subprocess.run(["umount", place], check=True)


def test_a_lake_on_a_full_disk(make_study: StudyMaker, complaint: Complaint, small_disk: Path) -> None:
    study = make_study()
    message = complaint("run", study.file, "--roles", "pirate", "--select", "responses,activations")
    assert "No space left on device; free some space" in message
    assert not list(small_disk.rglob("*.tmp"))


def test_a_lake_on_a_read_only_disk(make_study: StudyMaker, complaint: Complaint, small_disk: Path) -> None:
    study = make_study()
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    message = complaint("run", study.file, "--roles", "pirate", "--select", "responses")
    assert "Read-only file system; mount it writable" in message
