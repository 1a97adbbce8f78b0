"""Ctrl-C and `kill` are heard wherever they come."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

_AGAIN = 0.05  # seconds until the callback that swallowed it has ended


@contextmanager
def never_lost() -> Iterator[None]:
    """Have an interruption come again that was raised where Python swallows it.

    A signal raises between any two steps of the program: in a destructor too, or in the callback of a weak
    reference, whose errors are printed and forgotten.
    """
    before = sys.unraisablehook

    def hear(unraisable: sys.UnraisableHookArgs) -> None:
        if not issubclass(unraisable.exc_type, KeyboardInterrupt | dg.DagsterExecutionInterruptedError):
            before(unraisable)
            return
        ignored = signal.getsignal(signal.SIGINT) is signal.SIG_IGN
        again = signal.SIGTERM if ignored else signal.SIGINT
        threading.Timer(_AGAIN, os.kill, (os.getpid(), again)).start()

    sys.unraisablehook = hear
    try:
        yield
    finally:
        sys.unraisablehook = before
