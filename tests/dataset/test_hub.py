from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import huggingface_hub
import pytest
from huggingface_hub import constants

from persona_assets.base.errors import StudyError
from persona_assets.cli.dataset import dataset
from persona_assets.dataset.hub import check_token, hub_address, refuse_other_repository, send
from tests.dataset.hub import Hub
from tests.ports import free_port
from tests.warehouse.world import World


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Hub]:
    with Hub() as started:
        monkeypatch.setattr(constants, "ENDPOINT", started.address)
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
        monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(tmp_path / "no-token"))
        monkeypatch.setenv("HF_TOKEN", "hf_secret")
        huggingface_hub.close_session()
        yield started
    huggingface_hub.close_session()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "out"
    (place / "data/small").mkdir(parents=True)
    for name in ("README.md", "dataset.json", "snapshot.duckdb", "data/small/roles.parquet"):
        (place / name).write_bytes(name.encode())
    return place


def test_every_file_is_sent_to_where_its_address_says(hub: Hub, folder: Path) -> None:
    assert hub_address("someone/pirates") == f"{hub.address}/datasets/someone/pirates/resolve/main"
    check_token()
    hub.files = {
        "data/small/stale.parquet": b"of an earlier one",
        "LICENSE": b"theirs",
        "dataset.json": b'{"study": "small"}',
    }
    assert send(folder, "someone/pirates", "small", private=True) == f"{hub.address}/datasets/someone/pirates"
    sent = {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }
    assert hub.files == sent | {"LICENSE": b"theirs"}
    assert hub.tokens == {"Bearer hf_secret"}


@pytest.mark.parametrize(
    ("files", "told"),
    [
        (
            {"dataset.json": b'{"study": "other"}', "data/x.parquet": b""},
            "the data set of another study",
        ),
        ({"dataset.json": b'["small"]', "data/x.parquet": b""}, "no data set"),
        ({"README.md": b"mine", "data/x.parquet": b""}, "no data set"),
    ],
)
def test_a_repository_that_holds_something_else_stays_as_it_is(
    hub: Hub, folder: Path, files: dict[str, bytes], told: str
) -> None:
    hub.files, hub.is_there = dict(files), True
    with pytest.raises(StudyError, match=f"holds {told}.* sending would replace") as raised:
        send(folder, "someone/pirates", "small", private=False)
    assert "\n" not in str(raised.value)
    assert hub.files == files


def test_a_new_repository_of_the_hubs_is_empty(hub: Hub) -> None:
    hub.files = {".gitattributes": b""}
    refuse_other_repository("someone/pirates", "small")


def test_what_is_there_is_looked_at_before_the_study_is_read(
    hub: Hub, published: World, tmp_path: Path
) -> None:
    hub.files, hub.is_there = {"data/x.parquet": b""}, True
    with pytest.raises(StudyError, match="holds no data set"):
        dataset(published.study, tmp_path / "out", "mit", None, "someone/pirates", private=False)
    assert not (tmp_path / "out").exists()


def test_a_refusal_is_one_line_without_the_token(hub: Hub, folder: Path) -> None:
    hub.refuses = 403
    with pytest.raises(StudyError, match="the hub refuses or does not answer") as told:
        send(folder, "someone/pirates", "small", private=False)
    assert "\n" not in str(told.value) and "hf_secret" not in str(told.value)


def test_without_a_token_nothing_begins(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HF_TOKEN")
    with pytest.raises(StudyError, match="no token of the hub is here: `hf auth login`"):
        check_token()


def test_what_is_to_be_private_is_not_sent_to_where_all_read_it(hub: Hub, folder: Path) -> None:
    hub.is_there = True
    with pytest.raises(StudyError, match="is there already, for all to read; nothing was sent"):
        send(folder, "someone/pirates", "small", private=True)
    assert hub.files == {}
    hub.private = True
    send(folder, "someone/pirates", "small", private=True)
    assert "README.md" in hub.files


def test_a_hub_that_does_not_answer_is_told_in_a_line(
    hub: Hub, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(constants, "ENDPOINT", f"http://127.0.0.1:{free_port()}")
    with pytest.raises(StudyError, match="the hub refuses or does not answer") as told:
        send(folder, "someone/pirates", "small", private=True)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(
    "name",
    ["a/b--c", "a/b..c", "a/b.git", "a/b.", "pirates", "../x", "a/b/c", "a b/c", "https://x/y", "-a/b", ""],
)
def test_what_names_no_data_set_is_refused(name: str) -> None:
    with pytest.raises(StudyError, match="give OWNER/NAME"):
        hub_address(name)


def test_private_alone_says_nothing_and_is_refused(published: World, tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="--private .* give --upload"):
        dataset(published.study, tmp_path / "out", "mit", None, None, private=True)
    assert not (tmp_path / "out").exists()
