"""Where a data set comes from: a folder, or a web server. Nothing that it says of sizes is believed."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import httpx

from persona_assets.base.backoff import Backoff, retry_after
from persona_assets.base.errors import StudyError
from persona_assets.base.given import decoded, is_file, is_folder, opened, read_text, shown, shown_path
from persona_assets.base.secrets import without_secrets
from persona_assets.study.dataset import MANIFEST

_PIECE = 2**20
_SILENCE = 30.0  # seconds without a byte
_TRIES = 5  # without one more byte than ever before
_PAUSES = Backoff(first=0.5, longest=30.0)
_MAX_REDIRECTS = 5
_PASSING = frozenset({408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524})
_HUB_PAGE = re.compile(r"https://huggingface\.co/datasets/[\w.-]+/[\w.-]+")

Heard = Callable[[int], None]  # of so many bytes more


class Source(Protocol):
    """A place that holds a data set; `name` is shown to people.

    `goes_on` says whether a file is fetched after the bytes that are there already, or from its beginning.
    """

    name: str
    goes_on: bool

    def text(self, path: str, largest: int) -> str:
        """Return a file's text, of at most `largest` bytes. Raises StudyError where it cannot be had."""

    def fetch(self, path: str, into: Path, size: int, heard: Heard) -> None:
        """Have in `into` the file's `size` bytes.

        Raises StudyError where it cannot be had, or is of another size.
        """


@contextmanager
def source_at(place: str) -> Iterator[Source]:
    """Yield what lies at a web address, or in a folder. Raises StudyError for anything else."""
    if re.match(r"https?://", place):
        with WebSource(place) as source:
            yield source
        return
    if "://" in place or not is_folder(place):
        raise StudyError(
            f"{shown_path(Path(place))}: is no folder; give one that `persona dataset` wrote, or the address "
            "where it lies, https://…"
        )
    yield FolderSource(Path(place))


def checked_address(address: str) -> str:
    """Return an address of a folder on the web, which is published as it is.

    Raises StudyError where it is none, or has a user or password, which are not repeated.
    """
    if without_secrets(address) != address:
        raise StudyError(
            f"{shown(without_secrets(address))}: was given with a user, password or key, and an address is "
            "shown to all who read; give it without"
        )
    try:
        url = httpx.URL(address)
        fits = url.scheme in ("http", "https") and url.raw_host and not url.query and not url.fragment
        fits = fits and not {" ", "'", '"', "?", "#"} & set(address) and address.isprintable()
        fits = fits and all(0 < len(part) < 64 for part in url.raw_host.rstrip(b".").split(b"."))
    except (ValueError, httpx.InvalidURL):
        fits = False
    if not fits:
        raise StudyError(
            f"{shown(address)}: is no address of a folder; give one as https://HOST/FOLDER, without "
            "what follows ? and #"
        )
    return address


class FolderSource:
    """A data set in a folder of this machine."""

    goes_on = False

    def __init__(self, folder: Path) -> None:
        self.name = str(folder)
        self._folder = folder
        if not is_file(folder / MANIFEST):
            raise StudyError(
                f"{folder}: holds no data set ({MANIFEST} is not there); `persona dataset` writes one"
            )

    def text(self, path: str, largest: int) -> str:
        """See `Source`."""
        return read_text(self._folder / path, largest=largest)

    def fetch(self, path: str, into: Path, size: int, heard: Heard) -> None:
        """See `Source`."""
        with opened(self._folder / path) as file, into.open("wb") as copy:
            _copy(iter(lambda: file.read(_PIECE), b""), copy, 0, size, f"{self.name}/{path}", heard)
        _check_size(into, size, f"{self.name}/{path}")


class _BrokenOffError(Exception):
    """Something that may be over at the next try; `asked` is how long the server says to wait."""

    def __init__(self, reason: str, asked: float = 0.0) -> None:
        super().__init__(reason)
        self.asked = asked


class WebSource:
    """A data set on a web server: redirects are followed, but never from https to http."""

    goes_on = True

    def __init__(self, address: str) -> None:
        address = address.rstrip("/").removesuffix(f"/{MANIFEST}")
        if _HUB_PAGE.fullmatch(address):
            address += "/resolve/main"
        self.name = address = checked_address(address)
        self._safe = address.startswith("https")
        self._client = httpx.Client(
            timeout=_SILENCE,
            follow_redirects=True,
            max_redirects=_MAX_REDIRECTS,
            # As it is stored: else neither sizes nor ranges would be the file's.
            headers={"User-Agent": "persona-assets", "Accept-Encoding": "identity"},
            event_hooks={"request": [self._refuse_plain]},
        )

    def __enter__(self) -> WebSource:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def text(self, path: str, largest: int) -> str:
        """See `Source`."""
        body = bytearray()

        def read() -> None:
            body.clear()
            with self._answer(path, {}) as response:
                for piece in response.iter_raw():
                    body.extend(piece)
                    if len(body) > largest:
                        raise StudyError(f"{self.name}/{path}: is larger than {largest / 2**20:g} MiB")

        self._persist(path, read, lambda: 0)
        return decoded(bytes(body), f"{self.name}/{path}")

    def fetch(self, path: str, into: Path, size: int, heard: Heard) -> None:
        """See `Source`. A server that knows no ranges sends the file from its beginning."""
        place = f"{self.name}/{path}"

        def read() -> None:
            have = size_of(into)
            if have > size:
                into.unlink()
                have = 0
            if have == size:
                return
            with self._answer(path, {"Range": f"bytes={have}-"} if have else {}) as response:
                goes_on = response.status_code == 206
                if goes_on and not response.headers.get("content-range", "").startswith(f"bytes {have}-"):
                    raise StudyError(f"{place}: the server sends another range than was asked for")
                with into.open("ab" if goes_on else "wb") as copy:
                    _copy(response.iter_raw(), copy, have if goes_on else 0, size, place, heard)
            if size_of(into) < size:
                raise _BrokenOffError(f"ended after {size_of(into):,} of {size:,} bytes")

        self._persist(path, read, lambda: size_of(into))
        _check_size(into, size, place)

    @contextmanager
    def _answer(self, path: str, headers: dict[str, str]) -> Iterator[httpx.Response]:
        with self._client.stream("GET", f"{self.name}/{path}", headers=headers) as response:
            if response.status_code in _PASSING:
                asked = retry_after(response.headers.get("retry-after"))
                raise _BrokenOffError(f"answers with status {response.status_code}", asked)
            if response.status_code not in (200, 206):
                raise StudyError(
                    f"{self.name}/{path}: answers with status {response.status_code}; check the address"
                )
            if response.headers.get("content-encoding", "identity") != "identity":
                raise StudyError(f"{self.name}/{path}: the server compresses what was asked for as it is")
            yield response

    def _persist(self, path: str, read: Callable[[], None], place: Callable[[], int]) -> None:
        """Read until it is done: again after what may pass, as long as more comes than ever before."""
        failed, farthest = 0, place()
        while True:
            try:
                read()
                return
            except (httpx.TooManyRedirects, httpx.UnsupportedProtocol) as error:  # so it will be again
                raise StudyError(f"{self.name}/{path}: {error}; check the address") from error
            except (_BrokenOffError, httpx.RequestError) as error:
                failed = 1 if place() > farthest else failed + 1
                farthest = max(farthest, place())
                reason, asked = str(error) or type(error).__name__, getattr(error, "asked", 0.0)
            if failed >= _TRIES:
                raise StudyError(
                    f"{self.name}/{path}: {reason}; check the network, and run again: it goes on from there"
                )
            time.sleep(_PAUSES.wait(failed - 1, asked))

    def _refuse_plain(self, request: httpx.Request) -> None:
        if self._safe and request.url.scheme != "https":
            raise StudyError(
                f"{self.name}: leads to {request.url.scheme}://{request.url.host}, which is not encrypted"
            )


def _copy(pieces: Iterator[bytes], into: object, place: int, size: int, name: str, heard: Heard) -> None:
    for piece in pieces:
        place += len(piece)
        if place > size:
            raise StudyError(f"{name}: is larger than the data set's list says; nothing was put in place")
        into.write(piece)  # type: ignore[attr-defined]
        heard(len(piece))


def size_of(file: Path) -> int:
    """Return how many bytes a file has; none where there is no file."""
    return file.stat().st_size if file.exists() else 0


def _check_size(file: Path, size: int, name: str) -> None:
    if size_of(file) != size:
        raise StudyError(f"{name}: has {size_of(file):,} bytes, but the data set's list says {size:,}")
