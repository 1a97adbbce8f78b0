"""A JSON server over HTTP, asked again where that may help and left where it cannot."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from math import ceil
from typing import Any, TypeVar

import httpx

from persona_assets.base.backoff import Backoff, retry_after
from persona_assets.base.errors import EngineError
from persona_assets.base.progress import NowAndThen

T = TypeVar("T")

_LOG = logging.getLogger(__name__)
_CONNECT = 30.0  # seconds
_MALFORMED_AT_MOST = 2  # for a request
_REASON = 200  # characters of a server's own words in a message


class TransientError(Exception):
    """A request failed in a way that may not last; the server wants to be left alone for `asked` seconds."""

    def __init__(self, reason: str, asked: float = 0.0) -> None:
        super().__init__(reason)
        self.asked = asked


class MalformedError(TransientError):
    """A server answered what cannot be read; asked again, it hardly ever answers otherwise."""


class RefusedError(EngineError):
    """A server will not have a request, however often it is asked; `reason` is in its own words."""

    def __init__(self, message: str, reason: str) -> None:
        super().__init__(message)
        self.reason = reason


@dataclass
class Server:
    """Where to ask, and how patiently. The key goes nowhere but into the request's header.

    `timeout`: seconds for one request from its sending to its answer's last byte.
    """

    url: str
    key: str | None = field(repr=False)
    key_name: str
    timeout: float
    retries: int
    backoff: Backoff
    _seldom: NowAndThen = field(default_factory=partial(NowAndThen, at_once=True), init=False, repr=False)
    _answered: bool = field(default=False, init=False, repr=False)

    def connect(self, connections: int) -> httpx.AsyncClient:
        """A client of so many connections; it follows no redirect, which could carry the key elsewhere."""
        return httpx.AsyncClient(
            headers={"Authorization": f"Bearer {self.key}"} if self.key else {},
            timeout=httpx.Timeout(None, connect=min(_CONNECT, self.timeout)),
            limits=httpx.Limits(max_connections=connections, max_keepalive_connections=connections),
        )

    async def post(
        self,
        client: httpx.AsyncClient,
        path: str,
        body: dict[str, Any],
        read: Callable[[bytes], T],
        about: str,
    ) -> T:
        """Return what `read` makes of the answer's body; its ValueError stands for a malformed one.

        `about` begins the messages. Raises RefusedError at once where asking again cannot help, EngineError
        where no retry did, or where what came back could not be read twice.
        """
        url, attempt, n_malformed = f"{self.url}{path}", 0, 0
        while True:
            try:
                return await self._post_once(client, url, body, read, about)
            except TransientError as failure:
                n_malformed += isinstance(failure, MalformedError)
                if n_malformed == _MALFORMED_AT_MOST:
                    raise EngineError(
                        f"{about}: {url} twice answered what cannot be read: {failure}; {self._other_place()}"
                    ) from None
                if attempt == self.retries:
                    raise EngineError(
                        f"{about}: {url} gave no answer in {attempt + 1} attempts, at last: {failure}; "
                        "see to the server and run again"
                    ) from None
                wait = self.backoff.wait(attempt, failure.asked)
                self._tell(f"{about}: {failure}; asking {url} again in {ceil(wait)} s{self._no_answer_yet()}")
                await asyncio.sleep(wait)
                attempt += 1

    async def _post_once(
        self,
        client: httpx.AsyncClient,
        url: str,
        body: dict[str, Any],
        read: Callable[[bytes], T],
        about: str,
    ) -> T:
        try:
            async with asyncio.timeout(self.timeout):
                response = await client.post(url, json=body)
        except TimeoutError:
            raise TransientError(f"no answer within {self.timeout:g} s") from None
        except httpx.RequestError as error:
            raise TransientError(self._plain(f"{type(error).__name__} {error}")) from None
        self._check(response, about)
        try:
            return read(response.content)
        except ValueError as error:
            said = self._plain(response.text)
            raise MalformedError(f"{self._plain(str(error))} (malformed answer: {said})") from None

    def _check(self, response: httpx.Response, about: str) -> None:
        status = response.status_code
        if status == 200:
            self._answered = True
            return
        message = _message(response)
        reason = self._plain(message)
        if status in (408, 409, 429) or status >= 500:
            raise TransientError(f"{status} {reason}", retry_after(response.headers.get("retry-after")))
        raise RefusedError(
            f"{about}: {response.url} answered {status} ({reason}); {self._remedy(status)}",
            message,
        )

    def _remedy(self, status: int) -> str:
        if status in (401, 403) and self.key is None:
            return f"set {self.key_name}: the server asks for a key"
        if status in (401, 403):
            return f"check the key in the environment's {self.key_name}"
        if status == 404:
            return self._other_place()
        if status < 400:
            return "redirects are not followed: set generation.engine.base_url to where the server is"
        return "check that the server takes what the study's generation asks for"

    def _other_place(self) -> str:
        ending = "" if self.url.endswith("/v1") else " (a base_url ends in /v1 as a rule)"
        return f"check generation.engine's base_url and served_model{ending}"

    def _plain(self, text: str) -> str:
        """Others' words in one line, cut, and without the key."""
        hidden = text.replace(self.key, "***") if self.key else text
        return " ".join(hidden.split())[:_REASON]

    def _no_answer_yet(self) -> str:
        if self._answered:
            return ""
        return f" (nothing has been answered there yet; it is asked {self.retries + 1} times in all)"

    def _tell(self, line: str) -> None:
        """Warn, but now and then only: a server that is away fails every request."""
        if self._seldom.is_due():
            _LOG.warning(line)


def _message(response: httpx.Response) -> str:
    """Return what an error's body says, in the shape that OpenAI gave it or as it is."""
    try:
        return str(response.json()["error"]["message"])
    except (ValueError, LookupError, TypeError):
        return response.text
