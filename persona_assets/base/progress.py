"""How work that takes a while tells whoever waits for it."""

from collections.abc import Callable

Progress = Callable[[int, int], None]  # hears how much is done, and of how much
