"""Memory that was freed, given back to the system."""

from __future__ import annotations

import ctypes


def give_back_freed() -> None:
    """Return what was freed to the system: glibc keeps it for what may come. Elsewhere nothing is done."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
