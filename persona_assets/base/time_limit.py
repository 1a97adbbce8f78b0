"""Code that somebody else wrote, stopped when its time is over."""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class _TooLongError(BaseException):
    """Time is over; a BaseException, so that no handler of the code takes it."""


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise TimeoutError in a body that is not done after `seconds`: another thread interrupts this one."""
    thread = ctypes.c_ulong(threading.get_ident())
    interrupt = ctypes.pythonapi.PyThreadState_SetAsyncExc
    timer = threading.Timer(seconds, lambda: interrupt(thread, ctypes.py_object(_TooLongError)))
    timer.daemon = True
    try:
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            # What it had still sent is raised here; taking it back would leave Python looking for it.
            timer.join()
    except _TooLongError:
        raise TimeoutError(f"not done after {seconds:g} s") from None
