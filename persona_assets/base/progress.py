"""How work that takes a while tells whoever waits for it."""

import time
from collections.abc import Callable

Progress = Callable[[int, int], None]  # hears how much is done, and of how much

EVERY = 30.0  # seconds


def unheard(done: int, total: int) -> None:
    """Tell nobody."""


class NowAndThen:
    """Tells when something may be said that would be too much every time: once in `EVERY` seconds.

    The first time comes after as long, or `at_once`.
    """

    def __init__(self, *, at_once: bool = False) -> None:
        self._last = float("-inf") if at_once else time.monotonic()

    def is_due(self) -> bool:
        """Return whether it may be said now; if so, the next time comes after `EVERY` seconds."""
        if time.monotonic() - self._last < EVERY:
            return False
        self._last = time.monotonic()
        return True
