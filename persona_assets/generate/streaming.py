"""Many requests at once for a caller that takes their answers one by one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Generator
from queue import SimpleQueue
from threading import Thread
from typing import Any, TypeVar

from persona_assets.base.waiting import taken

T = TypeVar("T")

_END = object()

Deliver = Callable[[T], None]


def stream(work: Callable[[Deliver[T]], Coroutine[Any, Any, None]]) -> Generator[T, None, None]:
    """Run `work(deliver)` in an event loop of its own; yield what it delivers as it comes.

    The loop has a thread, so that requests go on while the caller is busy with an answer. What `work` raises
    is raised here, after all that it delivered. Whoever stops listening cancels it, and waits for its end.
    """
    arrivals: SimpleQueue[Any] = SimpleQueue()
    loop = asyncio.new_event_loop()
    task = loop.create_task(work(arrivals.put))
    thread = Thread(target=_run, args=(loop, task, arrivals), name="requests", daemon=True)
    thread.start()
    try:
        while (arrival := taken(arrivals)) is not _END:
            yield arrival
        task.result()
    finally:
        loop.call_soon_threadsafe(task.cancel)
        thread.join()
        loop.close()


def _run(loop: asyncio.AbstractEventLoop, task: asyncio.Task[None], arrivals: SimpleQueue[Any]) -> None:
    try:
        loop.run_until_complete(asyncio.wait([task]))
        loop.run_until_complete(loop.shutdown_default_executor())  # it looks names up
    finally:
        arrivals.put(_END)
