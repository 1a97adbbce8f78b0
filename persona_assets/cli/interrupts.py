"""Ctrl-C and `kill` are heard wherever they come."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

_AGAIN = 0.05  # seconds until the callback that swallowed it has ended
_TO_END = 1.0  # seconds that a thread has, which is about to end


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


def end_beside_threads() -> None:
    """End the process, with status 0, where a thread still works; else return.

    Nothing stops one in which a model answers, or is loaded, and Python would wait for it.
    """
    end = time.monotonic() + _TO_END
    working = [one for one in threading.enumerate() if one is not threading.main_thread() and not one.daemon]
    for one in working:
        one.join(max(0.0, end - time.monotonic()))
    if any(one.is_alive() for one in working):
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)
