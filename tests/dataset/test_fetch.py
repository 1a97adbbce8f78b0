from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from persona_assets.base.backoff import Backoff
from persona_assets.base.errors import StudyError
from persona_assets.dataset import fetch
from persona_assets.dataset.fetch import WebSource, checked_address, source_at
from tests.dataset.server import Server

CONTENT = bytes(range(256)) * 40
NAME = "data/x.parquet"


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A file on a web server; nobody waits between two tries."""
    monkeypatch.setattr(fetch, "_PAUSES", Backoff(first=0.0, longest=0.0))
    (tmp_path / "there/data").mkdir(parents=True)
    (tmp_path / "there" / NAME).write_bytes(CONTENT)
    with Server(tmp_path / "there") as started:
        yield started


def fetched(server: Server, into: Path, size: int = len(CONTENT)) -> list[int]:
    heard: list[int] = []
    with WebSource(server.address) as source:
        source.fetch(NAME, into, size, heard.append)
    return heard


def test_an_answer_that_breaks_off_goes_on_where_it_was(server: Server, tmp_path: Path) -> None:
    server.at_once = 3_000
    heard = fetched(server, tmp_path / "x")
    assert (tmp_path / "x").read_bytes() == CONTENT
    assert [wanted for _, wanted in server.asked] == [None, "bytes=3000-", "bytes=6000-", "bytes=9000-"]
    assert sum(heard) == len(CONTENT)


def test_what_came_before_is_not_fetched_again(server: Server, tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(CONTENT[:5_000])
    assert sum(fetched(server, tmp_path / "x")) == len(CONTENT) - 5_000
    assert server.asked == [(NAME, "bytes=5000-")]
    assert (tmp_path / "x").read_bytes() == CONTENT


def test_a_server_without_ranges_is_read_from_the_beginning(server: Server, tmp_path: Path) -> None:
    server.ranges = False
    (tmp_path / "x").write_bytes(b"something else")
    fetched(server, tmp_path / "x")
    assert (tmp_path / "x").read_bytes() == CONTENT


def test_a_file_that_never_grows_is_given_up(server: Server, tmp_path: Path) -> None:
    server.changed[NAME] = lambda content: content[:100]
    with pytest.raises(StudyError, match="ended after 100 of 10,240 bytes; .* goes on from there"):
        fetched(server, tmp_path / "x")
    assert len(server.asked) < 10
    assert (tmp_path / "x").read_bytes() == CONTENT[:100]


def test_a_server_without_ranges_that_breaks_off_here_and_there_is_given_up(
    server: Server, tmp_path: Path
) -> None:
    lengths = itertools.cycle([5_000, 6_000])
    server.ranges = False
    server.changed[NAME] = lambda content: content[: next(lengths)]
    with pytest.raises(StudyError, match="goes on from there"):
        fetched(server, tmp_path / "x")
    assert len(server.asked) < 20


@pytest.mark.parametrize("ranges", [True, False])
def test_no_more_is_written_than_the_list_says(server: Server, tmp_path: Path, ranges: bool) -> None:
    server.ranges = ranges
    with pytest.raises(StudyError, match="is larger than the data set's list says"):
        fetched(server, tmp_path / "x", size=len(CONTENT) - 1)
    assert not (tmp_path / "x").exists() or (tmp_path / "x").stat().st_size < len(CONTENT)


def test_a_text_is_bounded(server: Server) -> None:
    with WebSource(server.address) as source, pytest.raises(StudyError, match="is larger than"):
        source.text(NAME, 100)


def test_redirects_are_followed_but_never_away_from_encryption(server: Server, tmp_path: Path) -> None:
    server.redirects[NAME] = f"{server.address}/elsewhere"
    server.changed["elsewhere"] = lambda _: CONTENT
    fetched(server, tmp_path / "x")
    assert (tmp_path / "x").read_bytes() == CONTENT
    asked = list[httpx.URL]()

    def lead_away(request: httpx.Request) -> httpx.Response:
        asked.append(request.url)
        return httpx.Response(302, headers={"location": "http://example.org/x"})

    with WebSource("https://example.org") as source, pytest.raises(StudyError, match="is not encrypted"):
        source._client._transport = httpx.MockTransport(lead_away)  # the far side of a network
        source.text("x", 100)
    assert asked == ["https://example.org/x"]


@pytest.mark.parametrize("location", ["/dataset.json", "ftp://example.org/x"])
def test_an_address_that_leads_nowhere_is_told_at_once(server: Server, location: str) -> None:
    server.redirects["dataset.json"] = location
    with WebSource(server.address) as source, pytest.raises(StudyError, match="check the address"):
        source.text("dataset.json", 100)
    assert len(server.asked) <= 1 + fetch._MAX_REDIRECTS


@pytest.mark.parametrize(
    "address", ["https://user:se/cret@h/x", "https://user:secret@h", "https://secret@h/x"]
)
def test_an_address_with_a_password_is_refused_and_not_repeated(address: str) -> None:
    with pytest.raises(StudyError, match="give it without") as told:
        checked_address(address)
    assert "cret" not in str(told.value)


def test_a_page_of_the_hub_is_where_its_files_are() -> None:
    with WebSource("https://huggingface.co/datasets/someone/pirates/") as source:
        assert source.name == "https://huggingface.co/datasets/someone/pirates/resolve/main"


@pytest.mark.parametrize(
    "place",
    [
        "ftp://example.org/x",
        "no/such/folder",
        "file:///etc",
        "https://h/x?y",
        "https://",
        "http://[::1",
        "http://h:abc/",
        f"https://{'a' * 70}.example.org/x",
        "https://h/a b",
        "https://h/a\x07",
        "https://a..b/x",
    ],
)
def test_what_is_no_place_of_a_data_set_is_told_in_a_line(place: str) -> None:
    with pytest.raises(StudyError) as told, source_at(place):
        pass
    assert "\n" not in str(told.value)


def test_a_file_that_is_not_there_is_told_with_its_status(server: Server) -> None:
    with (
        WebSource(server.address) as source,
        pytest.raises(StudyError, match="status 404; check the address"),
    ):
        source.text("dataset.json", 100)
