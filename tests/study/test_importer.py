from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from persona_assets.base.errors import StudyError
from persona_assets.base.project import in_project
from persona_assets.study.importer import MANIFEST, TARGET, Imported, import_roles
from persona_assets.study.questions import read_questions
from persona_assets.study.roles import read_role, role_files
from tests.places import PROJECT

PUBLIC = PROJECT.parent / "shared" / "assistant-axis"


def content(directory: Path) -> dict[str, bytes]:
    files = (file for file in directory.rglob("*") if file.is_file())
    return {str(file.relative_to(directory)): file.read_bytes() for file in files}


def refusal(source: Path | str, target: Path) -> str:
    """The one line that importing gives; what was at `target` before is untouched, nothing lies beside it."""
    before = content(target.parent)
    with pytest.raises(StudyError) as caught:
        import_roles(str(source), to=target)
    assert content(target.parent) == before
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_directory_is_imported_byte_for_byte_in_the_same_shape(dataset: Path, tmp_path: Path) -> None:
    target = tmp_path / "place" / "roles"
    imported = import_roles(str(dataset), to=target)
    assert imported == Imported(str(dataset), target, n_roles=3, n_questions=3, n_replaced=0)
    copied = content(target)
    copied.pop(MANIFEST)
    assert copied == content(dataset)
    assert list(target.parent.iterdir()) == [target]


def test_a_dataset_below_data_is_found(dataset: Path, tmp_path: Path) -> None:
    repository = tmp_path / "repository"
    repository.mkdir()
    dataset.rename(repository / "data")
    assert import_roles(str(repository), to=tmp_path / "to").n_roles == 3
    assert (tmp_path / "to" / "roles" / "instructions" / "pirate.json").is_file()


def test_without_a_place_it_goes_to_the_ignored_folder_of_the_repository() -> None:
    assert in_project(TARGET) == PROJECT / "data" / "assistant_axis"
    assert "data/assistant_axis/" in (PROJECT / ".gitignore").read_text().splitlines()


def committed(directory: Path) -> str:
    identity = ["-c", "user.name=n", "-c", "user.email=e"]
    for command in (["init", "-q"], ["add", "."], [*identity, "commit", "-q", "-m", "roles"]):
        subprocess.run(["git", *command], cwd=directory, check=True)
    return f"file://{directory}"


def test_a_git_repository_is_cloned_and_imported(dataset: Path, tmp_path: Path) -> None:
    committed(dataset)
    imported = import_roles(f"file://{dataset}", to=tmp_path / "to")
    assert (imported.n_roles, imported.n_questions) == (3, 3)
    assert not (tmp_path / "to" / ".git").exists()


def test_a_wrong_file_in_a_repository_is_named_by_the_url(dataset: Path, tmp_path: Path) -> None:
    complaint = spoil_no_instruction(dataset)
    url = committed(dataset)
    assert refusal(url, tmp_path / "to").startswith(f"{url}/roles/instructions/{complaint}")


def test_a_missing_repository_is_one_clear_line(tmp_path: Path) -> None:
    assert "cannot clone" in refusal(f"file://{tmp_path}/none.git", tmp_path / "to")


def test_a_password_in_a_url_is_not_repeated(tmp_path: Path) -> None:
    message = refusal("http://user:secret@localhost:1/none.git", tmp_path / "to")
    assert "http://localhost:1/none.git" in message
    assert "secret" not in message


def test_git_that_is_not_installed_is_one_clear_line(
    dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "git is not installed" in refusal(f"file://{dataset}", tmp_path / "to")


@pytest.mark.parametrize("source", ["--upload-pack=touch pwned", "-x", "ext::sh -c touch% pwned", "nowhere"])
def test_a_source_that_is_neither_a_directory_nor_a_url_reaches_no_command(
    source: str, dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copytree(dataset, tmp_path / "-x")
    assert "name a directory or a git URL" in refusal(source, tmp_path / "to")
    assert not (tmp_path / "pwned").exists()


def test_a_source_of_another_shape_says_what_was_looked_for(tmp_path: Path) -> None:
    message = refusal(tmp_path, tmp_path / "to")
    assert "roles/instructions/ and data/roles/instructions/" in message


def spoil_no_instruction(dataset: Path) -> str:
    (dataset / "roles/instructions/pirate.json").write_text('{"questions": []}')
    return "pirate.json: has no instruction"


def spoil_invalid_json(dataset: Path) -> str:
    (dataset / "roles/instructions/pirate.json").write_text("{")
    return "pirate.json: not valid JSON"


def spoil_name(dataset: Path) -> str:
    (dataset / "roles/instructions/..%2fx.json").write_text(json.dumps({"instruction": [{"pos": "x"}]}))
    return "..%2fx.json: role name '..%2fx' is not allowed"


def spoil_name_with_slash(dataset: Path) -> str:
    (dataset / "roles/instructions/a").mkdir()
    (dataset / "roles/instructions/a/b.json").write_text(json.dumps({"instruction": [{"pos": "x"}]}))
    return "role name 'a/b' is not allowed"


def spoil_linked_role(dataset: Path) -> str:
    file = dataset / "roles/instructions/pirate.json"
    file.rename(dataset / "elsewhere.json")
    file.symlink_to(dataset / "elsewhere.json")
    return "pirate.json: is a symbolic link"


def spoil_linked_folder(dataset: Path) -> str:
    (dataset / "roles").rename(dataset / "elsewhere")
    (dataset / "roles").symlink_to(dataset / "elsewhere")
    return "roles: is a symbolic link"


def spoil_pipe_instead_of_a_file(dataset: Path) -> str:
    os.mkfifo(dataset / "roles/instructions/pipe.json")
    return "pipe.json: is missing, or not a plain file"


def spoil_duplicate_question(dataset: Path) -> str:
    with (dataset / "extraction_questions.jsonl").open("a") as file:
        file.write('{"id": 2, "question": "Again?"}\n')
    return "extraction_questions.jsonl:4: question id 2 is used twice"


def spoil_encoding(dataset: Path) -> str:
    (dataset / "extraction_questions.jsonl").write_bytes(b'{"id": 0, "question": "caf\xe9?"}\n')
    return "extraction_questions.jsonl:1: is not UTF-8"


def spoil_missing_questions(dataset: Path) -> str:
    (dataset / "extraction_questions.jsonl").unlink()
    return "extraction_questions.jsonl: is missing"


def spoil_no_roles(dataset: Path) -> str:
    for file in (dataset / "roles/instructions").iterdir():
        file.unlink()
    return "holds no role files"


SPOILERS = [value for name, value in sorted(globals().items()) if name.startswith("spoil_")]


@pytest.mark.parametrize("spoil", SPOILERS, ids=lambda spoil: spoil.__name__)
def test_bad_input_is_named_and_an_earlier_import_stays(spoil, dataset: Path, tmp_path: Path) -> None:
    target = tmp_path / "to" / "dir"
    import_roles(str(dataset), to=target)
    complaint = spoil(dataset)
    assert complaint in refusal(dataset, target)


def test_an_import_replaces_the_earlier_one_with_roles_that_are_gone(dataset: Path, tmp_path: Path) -> None:
    target = tmp_path / "to" / "dir"
    import_roles(str(dataset), to=target)
    (dataset / "roles/instructions/1984.json").unlink()
    replacing = import_roles(str(dataset), to=target)
    assert (replacing.n_roles, replacing.n_replaced) == (2, 3)
    assert list(role_files(target / "roles/instructions")) == ["default", "pirate"]
    assert list(target.parent.iterdir()) == [target]


@pytest.fixture
def killed(dataset: Path, tmp_path: Path) -> Path:
    """A target as an import leaves it that is killed between its renames."""
    target = tmp_path / "to" / "dir"
    import_roles(str(dataset), to=target)
    dead = subprocess.Popen(["true"])
    dead.wait()
    target.rename(target.with_name(f".dir.{dead.pid}.ab12ab12.old"))
    shutil.copytree(dataset, target.with_name(f".dir.{dead.pid}.ab12ab12"))
    return target


def test_an_import_killed_between_its_renames_is_mended_by_the_next(dataset: Path, killed: Path) -> None:
    imported = import_roles(str(dataset), to=killed)
    assert (imported.n_roles, imported.n_replaced) == (3, 3)
    assert list(killed.parent.iterdir()) == [killed]


def test_what_a_killed_import_had_put_aside_is_back_even_if_the_next_fails(
    dataset: Path, killed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*paths: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("persona_assets.study.importer.shutil.copyfile", refuse)
    with pytest.raises(StudyError, match="cannot write .*: No space left on device; free some space"):
        import_roles(str(dataset), to=killed)
    assert list(killed.parent.iterdir()) == [killed]
    assert len(role_files(killed / "roles/instructions")) == 3


def test_a_data_folder_that_is_a_link_is_refused(dataset: Path, tmp_path: Path) -> None:
    (tmp_path / "repository").mkdir()
    (tmp_path / "repository" / "data").symlink_to(dataset)
    assert "data: is a symbolic link" in refusal(tmp_path / "repository", tmp_path / "to" / "dir")


def test_a_directory_with_own_roles_is_never_overwritten(dataset: Path, tmp_path: Path) -> None:
    own = shutil.copytree(dataset, tmp_path / "own")
    assert import_roles(str(dataset), to=own).is_there and not (own / MANIFEST).exists()
    (own / "roles/instructions/pirate.json").write_text('{"instruction": [{"pos": "My own."}]}')
    assert "was not put there by an import" in refusal(dataset, own)


@pytest.mark.parametrize("place", ["data", "data/roles", "data/roles/instructions", "."])
def test_the_repositorys_own_roles_are_refused_as_a_place(place: str, dataset: Path, tmp_path: Path) -> None:
    repository = tmp_path / "repository"  # a copy: the real one would be lost if this failed
    shutil.copytree(PROJECT / "data" / "roles", repository / "data" / "roles")
    assert "was not put there by an import" in refusal(dataset, repository / place)


def test_what_is_there_already_or_was_edited_to_be_the_same_is_left_and_said(
    dataset: Path, tmp_path: Path
) -> None:
    target = tmp_path / "to" / "dir"
    import_roles(str(dataset), to=target)
    inode = (target / MANIFEST).stat().st_ino
    again = import_roles(str(dataset), to=target)
    assert again.is_there and (target / MANIFEST).stat().st_ino == inode
    for folder in (dataset, target):
        (folder / "roles/instructions/pirate.json").write_text('{"instruction": [{"pos": "Arr."}]}')
    assert import_roles(str(dataset), to=target).is_there
    (dataset / "roles/instructions/pirate.json").write_text('{"instruction": [{"pos": "Ahoy."}]}')
    newer = import_roles(str(dataset), to=target)  # the edited file is known now
    assert not newer.is_there and newer.n_replaced == 3


def test_an_imported_role_edited_since_or_added_by_hand_is_not_lost(dataset: Path, tmp_path: Path) -> None:
    target = tmp_path / "to" / "dir"
    import_roles(str(dataset), to=target)
    instructions = target / "roles/instructions"
    shutil.copyfile(instructions / "pirate.json", instructions / "corsair.json")
    assert "corsair.json: was not put there by an import" in refusal(dataset, target)
    (instructions / "corsair.json").rename(instructions / "pirate.json")
    import_roles(str(dataset), to=target)
    (instructions / "pirate.json").write_text('{"instruction": [{"pos": "edited"}]}')
    assert "pirate.json: was not put there by an import, or was edited" in refusal(dataset, target)


def test_a_file_as_a_place_is_refused(dataset: Path, tmp_path: Path) -> None:
    (tmp_path / "to").write_text("mine")
    assert "is a file" in refusal(dataset, tmp_path / "to")


def test_a_place_that_cannot_be_written_is_one_clear_line(dataset: Path) -> None:
    with pytest.raises(StudyError, match=r"cannot write /proc/persona: .*--to"):
        import_roles(str(dataset), to="/proc/persona")


@pytest.mark.skipif(not PUBLIC.is_dir(), reason="the public assistant-axis data are not on this machine")
def test_the_public_data_come_in_with_their_quirks(tmp_path: Path) -> None:
    imported = import_roles(str(PUBLIC), to=tmp_path / "to")
    assert (imported.n_roles, imported.n_questions) == (276, 240)
    default = read_role(imported.directory / "roles/instructions/default.json")
    assert default.instructions[0] == ""
    assert "You are {model_name}." in default.instructions
    assert default.questions == ()
    assert len(read_questions(imported.directory / "extraction_questions.jsonl")) == 240
