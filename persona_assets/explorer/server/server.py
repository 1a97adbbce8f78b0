"""`persona explore`: the application on a socket, until Ctrl-C."""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import Callable
from pathlib import Path

import uvicorn
from uvicorn.protocols.http.auto import AutoHTTPProtocol

from persona_assets.base.errors import StudyError
from persona_assets.explorer.server.access import Access
from persona_assets.explorer.server.app import make_app
from persona_assets.explorer.server.model import Model
from persona_assets.study.study import Study

_BACKLOG = 64
_SECONDS_TO_ASK = 20  # for the headers of a request
_SECONDS_TO_END = 2  # for answers under way


def serve(
    study: Study,
    access: Access,
    port: int,
    started: Callable[[str], None],
    exported: Path | None = None,
    model: Model | None = None,
) -> None:
    """Serve `study` until somebody presses Ctrl-C; `started` is called with the address to open. `exported`
    is a folder of drift runs to show; with a `model` texts can be tried, and answers steered.

    Port 0 takes a free one. Raises StudyError where the address cannot be had.
    """
    with bound(access.host, port) as listening:
        app = make_app(study, access, exported=exported, model=model)
        opens = address(access.host, listening.getsockname()[1], access.base)
        server = _Server(app, lambda: started(opens), (lambda: None) if model is None else model.end)
        server.run(sockets=[listening])


def bound(host: str, port: int) -> socket.socket:
    """A socket that listens. Raises StudyError where the port is taken, or the host is not this machine."""
    try:
        [family, kind, protocol, _, place] = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except (socket.gaierror, OverflowError) as error:
        raise StudyError(
            f"--host {host}: {error}; give an address of this machine, such as 127.0.0.1"
        ) from error
    listening = socket.socket(family, kind, protocol)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(place)
        listening.listen(_BACKLOG)
    except OSError as error:
        listening.close()
        raise StudyError(_why_not(host, port, error)) from error
    return listening


def address(host: str, port: int, base: str = "") -> str:
    """Return what a browser of this machine opens."""
    here = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)
    return f"http://{here}:{port}{base}/"


def _why_not(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} is taken; end what uses it, or choose another: --port {port + 1}"
    if error.errno == errno.EACCES:
        return f"port {port} is not for users; choose one from 1024: --port 8420"
    return f"--host {host}: {error.strerror or error}; give an address of this machine, such as 127.0.0.1"


class _Protocol(AutoHTTPProtocol):  # type: ignore[misc, valid-type]
    """HTTP that ends a connection whose request has not told its headers within `_SECONDS_TO_ASK`."""

    _ending: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:
        """Begin to wait for a request."""
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        """Wait on where the request is not whole."""
        super().data_received(data)
        if self.cycle is not None and not self.cycle.response_complete:
            self._stop_waiting()
        elif self._ending is None:
            self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """End waiting."""
        self._stop_waiting()
        super().connection_lost(exc)

    def _wait(self) -> None:
        self._ending = self.loop.call_later(_SECONDS_TO_ASK, self.transport.close)

    def _stop_waiting(self) -> None:
        if self._ending is not None:
            self._ending.cancel()
            self._ending = None


class _Server(uvicorn.Server):
    """Says when it is ready, and when it ends; its own log holds warnings only."""

    def __init__(self, app: object, started: Callable[[], None], ending: Callable[[], None]) -> None:
        super().__init__(
            uvicorn.Config(
                app,  # type: ignore[arg-type]
                http=_Protocol,
                ws="none",  # an upgrade is answered as the request that it is
                log_level="warning",
                access_log=False,
                server_header=False,
                proxy_headers=False,  # X-Forwarded-*: any process of this machine may send them
                timeout_graceful_shutdown=_SECONDS_TO_END,
            )
        )
        self._when_started, self._when_ending = started, ending

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to answer, and say so."""
        await super().startup(sockets)
        if self.started:
            self._when_started()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Say that it ends, and end: answers under way are waited for `_SECONDS_TO_END`."""
        self._when_ending()
        await super().shutdown(sockets)
