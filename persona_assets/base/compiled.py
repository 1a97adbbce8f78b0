"""Loops compiled by numba, kept for the next process."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from numba import config, njit

from persona_assets.base.shipped import IN_CHECKOUT


def compiled(**options: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return numba's `njit` as a decorator: other threads run meanwhile; kept on disk where that may be."""

    def compile_later(function: Callable[..., Any]) -> Callable[..., Any]:
        try:
            with kept_outside_of_site_packages():
                return njit(nogil=True, cache=True, **options)(function)
        except RuntimeError:  # neither beside the module nor below the user's home may anything be written
            return njit(nogil=True, **options)(function)

    return compile_later


@contextmanager
def kept_outside_of_site_packages() -> Iterator[None]:
    """Have numba keep what it compiles in the user's caches, not beside the module as it does by itself.

    A function's place is decided when it is decorated. Raises RuntimeError, from Numba, where neither place
    can be written and a function is decorated to be kept.
    """
    named = config.CACHE_DIR  # NUMBA_CACHE_DIR
    if not (named or IN_CHECKOUT):
        caches = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
        config.CACHE_DIR = str(Path(caches).expanduser() / "persona-assets" / "numba")
    try:
        yield
    finally:
        config.CACHE_DIR = named
