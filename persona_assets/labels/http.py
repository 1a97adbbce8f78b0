"""Asking strangers' web servers: bounded in time and size, tried again where that may help."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from typing import BinaryIO
from urllib.parse import urljoin, urlsplit

import httpx

from persona_assets.base.backoff import Backoff, retry_after
from persona_assets.base.errors import StudyError

_MAX_REDIRECTS = 3
_WORTH_ANOTHER_TRY = frozenset({408, 425, 500, 502, 503, 504, 520, 521, 522, 523, 524})


class UnavailableError(StudyError):
    """A server did not give a usable answer, however often it was asked; `status` of the last, if any."""

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class RateLimitedError(StudyError):
    """A server wants fewer questions, and none for `asked` seconds (0 where it does not say)."""

    def __init__(self, message: str, asked: float) -> None:
        super().__init__(message)
        self.asked = asked


class _PassingError(Exception):
    """Something that may be over at the next try."""


@dataclass(frozen=True)
class Patience:
    """How long to wait for what, in seconds.

    `silence` for a connection or the next piece of an answer, `answer` for a whole one; `tries` in all, with
    `pauses` between. While a rate limit holds: `limit_pauses`, unless the server says how long, but no longer
    than `limit` in all (Neuronpedia's window is an hour).
    """

    silence: float = 30.0
    answer: float = 120.0
    tries: int = 5
    pauses: Backoff = field(default_factory=lambda: Backoff(first=1.5, longest=45.0))
    limit_pauses: Backoff = field(default_factory=lambda: Backoff(first=30.0, longest=600.0))
    limit: float = 4_500.0


PATIENCE = Patience()


class Web:
    """A client that follows redirects within a server only, and stops waiting when `stop` is set."""

    def __init__(self, patience: Patience) -> None:
        self.patience = patience
        self.stop = threading.Event()
        self._client = httpx.Client(
            timeout=patience.silence,
            follow_redirects=False,
            headers={"User-Agent": "persona-assets"},
        )

    def __enter__(self) -> Web:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop.set()
        self._client.close()

    def get(self, url: str, largest: int) -> tuple[int, bytes]:
        """Status and body of `url`, for 2xx and 404. Raises as `download` does."""
        body = BytesIO()
        return self._persist(url, body, largest, as_stored=False), body.getvalue()

    def download(self, url: str, into: BinaryIO, largest: int) -> int:
        """The status of `url`, for 2xx and 404; its body, of at most `largest` bytes, is written to the empty
        `into` as it is stored: no compression is undone.

        Raises RateLimitedError for 429, and UnavailableError for every other status but 2xx and 404, and
        where server or network fail at every try.
        """
        return self._persist(url, into, largest, as_stored=True)

    def _persist(self, url: str, into: BinaryIO, largest: int, as_stored: bool) -> int:
        for attempt in range(self.patience.tries):
            try:
                return self._attempt(url, into, largest, as_stored)
            except (_PassingError, httpx.RequestError) as error:
                reason = str(error) or type(error).__name__
            if attempt + 1 == self.patience.tries or self.stop.wait(self.patience.pauses.wait(attempt)):
                break
        raise UnavailableError(f"{url}: {reason}; check the address and the network, and run again later")

    def _attempt(self, url: str, into: BinaryIO, largest: int, as_stored: bool) -> int:
        target, headers = url, {"Accept-Encoding": "identity"} if as_stored else {}
        for _ in range(_MAX_REDIRECTS + 1):
            with self._client.stream("GET", target, headers=headers) as response:
                if not response.has_redirect_location:
                    self._check_status(response, url)
                    pieces = response.iter_raw() if as_stored else response.iter_bytes()
                    self._store(pieces, url, into, largest)
                    return response.status_code
                target = _next(url, target, response.headers["location"])
        raise UnavailableError(f"{url}: redirects more than {_MAX_REDIRECTS} times; correct the address")

    def _check_status(self, response: httpx.Response, url: str) -> None:
        status = response.status_code
        if status == 429:
            raise RateLimitedError(
                f"{url}: too many questions (status 429); wait an hour, and run again",
                retry_after(response.headers.get("retry-after")),
            )
        if status in _WORTH_ANOTHER_TRY:
            raise _PassingError(f"answers with status {status}")
        if status != 404 and not response.is_success:
            raise UnavailableError(f"{url}: answers with status {status}; check the address", status)

    def _store(self, pieces: Iterator[bytes], url: str, into: BinaryIO, largest: int) -> None:
        into.seek(0)
        into.truncate()
        latest = time.monotonic() + self.patience.answer
        for piece in pieces:
            if into.tell() + len(piece) > largest:
                raise UnavailableError(f"{url}: answers with more than {largest:,} bytes; check the address")
            if time.monotonic() > latest:
                raise _PassingError(f"takes more than {self.patience.answer:g} s for an answer")
            into.write(piece)


def checked_base(url: str, key: str) -> str:
    """`url` without a slash at its end. Raises StudyError, naming the setting `key`, if it is none."""
    try:
        parts = urlsplit(url)
        whole = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        whole = False
    if not whole or parts.query or parts.fragment:
        raise StudyError(f"{key}: {url!r} is no web address; give one that begins with https:// or http://")
    return url.rstrip("/")


def _next(asked: str, current: str, location: str) -> str:
    """Return where a redirect leads. Raises UnavailableError if that is another server, or a plain one."""
    try:
        target = str(httpx.URL(urljoin(current, location)))
    except (ValueError, httpx.InvalidURL) as error:
        raise UnavailableError(f"{asked}: redirects to {location[:80]!r}, which is no address") from error
    here, there = urlsplit(current), urlsplit(target)
    same = (here.scheme, here.netloc) == (there.scheme, there.netloc)
    safer = (here.scheme, there.scheme) == ("http", "https") and here.netloc == there.netloc
    if not same and not safer:
        server = f"{there.scheme}://{there.netloc}"[:200]
        raise UnavailableError(
            f"{asked}: redirects to another server, {server}; if you trust it, name it in `labels`"
        )
    return target
