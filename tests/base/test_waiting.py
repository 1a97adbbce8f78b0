"""Ctrl-C ends a wait though another thread takes the signal: so does one that comes just before it begins."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from typing import Any

import pytest

from persona_assets.base.waiting import awaited, first_done, taken, waited

LONG = 20.0  # seconds until the wait ends by itself, and the test fails


def awaiting() -> tuple[Callable[[], Any], Callable[[], Any]]:
    future = Future[None]()
    return lambda: awaited(future), lambda: future.set_result(None)


def of_several() -> tuple[Callable[[], Any], Callable[[], Any]]:
    futures = [Future[None](), Future[None]()]
    return lambda: first_done(futures), lambda: futures[0].set_result(None)


def of_a_queue() -> tuple[Callable[[], Any], Callable[[], Any]]:
    queue = SimpleQueue[int]()
    return lambda: taken(queue), lambda: queue.put(1)


def of_an_event() -> tuple[Callable[[], Any], Callable[[], Any]]:
    event = threading.Event()
    return lambda: waited(event, 3 * LONG), event.set


@pytest.mark.parametrize("made", [awaiting, of_several, of_a_queue, of_an_event])
def test_ctrl_c_ends_a_wait_that_it_does_not_interrupt(made: Any) -> None:
    wait, end = made()
    waits = threading.Event()

    def take() -> None:
        waits.wait()
        signal.pthread_kill(threading.get_ident(), signal.SIGINT)

    taker, ender = threading.Thread(target=take), threading.Timer(LONG, end)
    for one in (taker, ender):
        one.start()
    try:
        with pytest.raises(KeyboardInterrupt):
            threading.Timer(0.2, waits.set).start()
            wait()
        assert ender.is_alive()
    finally:
        ender.cancel()
        waits.set()
        taker.join()


def test_what_is_there_is_given() -> None:
    done, queue, event = Future[int](), SimpleQueue[int](), threading.Event()
    done.set_result(1)
    queue.put(2)
    assert (awaited(done), first_done([done, Future[int]()]), taken(queue)) == (1, {done}, 2)
    assert not waited(event, 0.0)
    event.set()
    assert waited(event, 0.0) and waited(event, LONG)
