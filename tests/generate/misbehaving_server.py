"""A server on a real socket that answers in OpenAI's way, or in one of the ways that servers fail."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Condition, Thread
from typing import Any

IDS = [38, 1140, 17]  # what it says, in the demo's tokens


@dataclass
class Request:
    """One request. `number`: which one it is of those for the same prompt, from 0."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]
    number: int
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def reply(self, status: int, body: bytes, **headers: str) -> None:
        lines = [f"HTTP/1.1 {status} Said", f"Content-Length: {len(body)}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        self.writer.write("\r\n".join([*lines, "", ""]).encode() + body)
        await self.writer.drain()


Behaviour = Callable[[Request], Awaitable[None]]


def answering(*, beside: dict[str, Any] | None = None, **choice: Any) -> Behaviour:
    """Answer well, as one that knows `return_token_ids`; `choice` changes the answer's fields.

    `beside`: what the answer holds beside its choices.
    """
    said = {"text": "Arr,", "finish_reason": "length", "stop_reason": None, "token_ids": IDS} | choice

    async def behave(request: Request) -> None:
        await request.reply(200, json.dumps({"choices": [said], **(beside or {})}).encode())

    return behave


def saying(status: int, message: str = "no", **headers: str) -> Behaviour:
    """Answer with an error, worded as OpenAI's are."""

    async def behave(request: Request) -> None:
        await request.reply(status, json.dumps({"error": {"message": message}}).encode(), **headers)

    return behave


def sending(body: bytes) -> Behaviour:
    async def behave(request: Request) -> None:
        await request.reply(200, body)

    return behave


async def reset(request: Request) -> None:
    """Send half an answer, then a TCP reset."""
    request.writer.write(b'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{"choices": [')
    await request.writer.drain()
    sock = request.writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    request.writer.transport.abort()


async def hang_up(request: Request) -> None:
    """End the connection in the midst of the answer."""
    request.writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{")
    request.writer.close()


async def never(request: Request) -> None:
    """Say nothing until the client has gone."""
    await request.reader.read()


def in_turn(*behaviours: Behaviour) -> Behaviour:
    """For each prompt the first behaviour at its first request, and so on; the last one stays."""

    async def behave(request: Request) -> None:
        await behaviours[min(request.number, len(behaviours) - 1)](request)

    return behave


@dataclass
class MisbehavingServer:
    """Behaves as told, and keeps account. Use `serving` to have one."""

    behave: Behaviour
    url: str = ""
    requests: list[Request] = field(default_factory=list)
    n_in_flight: int = 0
    most_in_flight: int = 0
    changed: Condition = field(default_factory=Condition)
    _asked: Counter[int] = field(default_factory=Counter)

    def wait_until(self, holds: Callable[[], bool]) -> None:
        with self.changed:
            assert self.changed.wait_for(holds, timeout=300)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while request := await self._read(reader, writer):
                self._count(1)
                try:
                    await self.behave(request)
                finally:
                    self._count(-1)
        except OSError:
            pass  # the client has gone, or was reset
        finally:
            writer.close()

    def _count(self, step: int) -> None:
        with self.changed:
            self.n_in_flight += step
            self.most_in_flight = max(self.most_in_flight, self.n_in_flight)
            self.changed.notify_all()

    async def _read(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Request | None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
        except asyncio.IncompleteReadError:
            return None
        first, *lines = head.strip().split("\r\n")
        headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
        body = json.loads(await reader.readexactly(int(headers["content-length"])))
        which = body.get("seed", 0)
        request = Request(first.split()[1], headers, body, self._asked[which], reader, writer)
        self._asked[which] += 1
        self.requests.append(request)
        return request


@contextmanager
def serving(behave: Behaviour) -> Iterator[MisbehavingServer]:
    """A server in a thread of its own."""
    loop = asyncio.new_event_loop()
    server = MisbehavingServer(behave)
    listening = loop.run_until_complete(asyncio.start_server(server.serve, "127.0.0.1", 0))
    server.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/v1"
    thread = Thread(target=loop.run_forever)
    thread.start()
    try:
        yield server
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        listening.close()
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0.01))
        loop.close()
