"""Waits that hear Ctrl-C.

A signal that comes just before a wait begins, or that another thread takes, does not end the wait: Python
looks for one only between two of its steps. So a wait without an end of its own is made of short ones.
"""

from __future__ import annotations

import time
from collections.abc import Collection
from concurrent.futures import FIRST_COMPLETED, Future, wait
from queue import Empty, SimpleQueue
from threading import Event
from typing import TypeVar

T = TypeVar("T")

_LOOK = 0.5  # seconds until a wait looks for a signal


def awaited(future: Future[T]) -> T:
    """Return its result once it is there."""
    while not future.done():
        wait([future], _LOOK)
    return future.result()


def first_done(futures: Collection[Future[T]]) -> set[Future[T]]:
    """Return those that are done, once one of them is."""
    while not (done := wait(futures, _LOOK, FIRST_COMPLETED).done):
        pass
    return done


def taken(queue: SimpleQueue[T]) -> T:
    """Return the next item once it is there."""
    while True:
        try:
            return queue.get(timeout=_LOOK)
        except Empty:
            continue


def waited(event: Event, seconds: float) -> bool:
    """Return whether the event comes within so many seconds."""
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        if event.wait(min(left, _LOOK)):
            return True
    return event.is_set()
