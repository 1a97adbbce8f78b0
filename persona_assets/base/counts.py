"""Numbers of things, for people."""

from __future__ import annotations


def count(number: int) -> str:
    """Return a number with its thousands apart: 331,200."""
    return f"{number:,}"


def counted(number: int, what: str) -> str:
    """Return a number and what there is so many of: 1 file, 2 files."""
    return f"{count(number)} {what}" if number == 1 else f"{count(number)} {what}s"
