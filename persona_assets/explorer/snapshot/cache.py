"""Answers that were given already, compressed: the ones used least recently make room."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable

_LIMIT = 256 * 2**20  # bytes


class Answers:
    """Compressed answers by path. What many ask for at once is made once."""

    def __init__(self, limit: int = _LIMIT) -> None:
        self._limit = limit
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        self._size = 0
        self._under_way: dict[str, asyncio.Task[bytes]] = {}

    async def get(self, path: str, make: Callable[[], Awaitable[bytes]]) -> bytes:
        """The answer at `path`, made by `make` the first time. An error is raised to all who wait for it."""
        kept = self._kept.get(path)
        if kept is not None:
            self._kept.move_to_end(path)
            return kept
        task = self._under_way.get(path)
        if task is None:
            task = self._under_way[path] = asyncio.ensure_future(self._make(path, make))
            task.add_done_callback(lambda _: self._under_way.pop(path))
        return await asyncio.shield(task)  # who leaves does not end what others wait for

    async def _make(self, path: str, make: Callable[[], Awaitable[bytes]]) -> bytes:
        answer = await make()
        self._kept[path] = answer
        self._size += len(answer)
        while self._size > self._limit and len(self._kept) > 1:
            _, dropped = self._kept.popitem(last=False)
            self._size -= len(dropped)
        return answer
