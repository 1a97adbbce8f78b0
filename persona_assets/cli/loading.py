"""Ctrl-C is heard while modules are imported, which takes up to seconds as a command begins.

A module written in C or C++ calls Python while it sets itself up. Where Ctrl-C comes in there, some forget
it, some make an ImportError of it, and DuckDB may end by a segmentation fault.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from functools import cache, wraps
from importlib.machinery import ExtensionFileLoader
from typing import Any


@cache
def hold_ctrl_c() -> None:
    """Have a Ctrl-C that comes while such a module sets itself up raise when it has done so."""
    for step in ("create_module", "exec_module"):
        setattr(ExtensionFileLoader, step, _holding(getattr(ExtensionFileLoader, step)))


def _holding(step: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(step)
    def held(*arguments: Any) -> Any:
        if (
            threading.current_thread() is not threading.main_thread()
            or signal.getsignal(signal.SIGINT) is not signal.default_int_handler  # held already, or another's
        ):
            return step(*arguments)
        came: list[int] = []
        signal.signal(signal.SIGINT, lambda number, _: came.append(number))
        try:
            return step(*arguments)
        finally:
            signal.signal(signal.SIGINT, signal.default_int_handler)
            if came:
                raise KeyboardInterrupt

    return held
