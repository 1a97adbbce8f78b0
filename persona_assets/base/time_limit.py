"""Code that somebody else wrote, stopped when its time is over."""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


class _TooLongError(BaseException):
    """Time is over; a BaseException, so that no handler of the code takes it."""


def done_within(seconds: float, called: Callable[[], T]) -> T:
    """Return what `called` returns. Raises TimeoutError when it takes longer: another thread interrupts it.

    This is a function because a context manager is left through functions of contextlib, outside its `try`,
    where an interrupt of the last moment would be raised.
    """
    thread = ctypes.c_ulong(threading.get_ident())
    interrupt = ctypes.pythonapi.PyThreadState_SetAsyncExc
    timer = threading.Timer(seconds, lambda: interrupt(thread, ctypes.py_object(_TooLongError)))
    timer.daemon = True
    try:
        timer.start()
        try:
            return called()
        finally:
            timer.cancel()
            # What it had still sent is raised here; taking it back would leave Python looking for it.
            timer.join()
    except _TooLongError:
        raise TimeoutError(f"not done after {seconds:g} s") from None
