"""A folder put in the place of another: whole or not at all, whoever is killed."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from persona_assets.base.atomic import is_alive
from persona_assets.base.swap import replacing_folder


@pytest.fixture(params=["site", "[x]*"])
def target(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    folder = tmp_path / str(request.param)
    folder.mkdir()
    (folder / "old").touch()
    return folder


def dead() -> int:
    process = subprocess.Popen(["true"])
    process.wait()
    return process.pid


def test_a_folder_takes_the_place_of_another_whole(target: Path) -> None:
    with replacing_folder(target) as beside:
        (beside / "new").touch()
        assert (target / "old").exists()
    assert [file.name for file in target.iterdir()] == ["new"]
    assert list(target.parent.iterdir()) == [target]


def test_the_folder_that_a_link_leads_to_is_replaced_and_the_link_stays(target: Path) -> None:
    link = target.parent / "elsewhere" / "link"
    link.parent.mkdir()
    link.symlink_to(target)
    with replacing_folder(link) as beside:
        (beside / "new").touch()
    assert link.is_symlink() and not target.is_symlink()
    assert [file.name for file in target.iterdir()] == ["new"]
    assert list(link.parent.iterdir()) == [link]


def test_a_link_that_a_builder_left_is_removed_and_what_it_leads_to_stays(target: Path) -> None:
    kept = target.parent / "kept"
    kept.mkdir()
    target.with_name(f".{target.name}.{dead()}.00ff00ff").symlink_to(kept)
    with replacing_folder(target):
        pass
    assert sorted(target.parent.iterdir()) == sorted([target, kept])


def test_a_folder_appears_with_its_parents(tmp_path: Path) -> None:
    with replacing_folder(tmp_path / "a" / "b") as beside:
        (beside / "new").touch()
    assert (tmp_path / "a" / "b" / "new").exists()


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])
def test_after_an_error_the_earlier_folder_stands_alone(target: Path, error: type[BaseException]) -> None:
    with pytest.raises(error), replacing_folder(target) as beside:
        (beside / "new").touch()
        raise error
    assert [file.name for file in target.iterdir()] == ["old"]
    assert list(target.parent.iterdir()) == [target]


def test_what_builders_that_were_killed_left_is_mended_and_swept(target: Path) -> None:
    pid = dead()
    target.rename(target.with_name(f".{target.name}.{pid}.00ff00ff.old"))
    target.with_name(f".{target.name}.{pid}.00ff00ff").mkdir()
    with pytest.raises(OSError), replacing_folder(target):
        assert (target / "old").exists()
        raise OSError
    assert list(target.parent.iterdir()) == [target]


def test_hidden_files_of_others_and_builders_that_live_are_left(target: Path) -> None:
    names = [f"{dead()}.tar", "notes.tmp", "2024.backup", f"{os.getppid()}.00ff00ff"]
    others = [target.with_name(f".{target.name}.{name}") for name in names]
    for other in others:
        other.mkdir()
    with replacing_folder(target) as beside:
        (beside / "new").touch()
    assert all(other.exists() for other in others)


def test_no_process_has_a_number_that_is_too_large() -> None:
    assert not is_alive(10**30)
