"""Sizes and ages for people."""

from __future__ import annotations

_SIZES = ("B", "kB", "MB", "GB", "TB")
_AGES = (("d", 86_400), ("h", 3_600), ("min", 60))


def size(n_bytes: float) -> str:
    """Return a size in the largest unit that leaves one digit or more before the point: 1.2 GB."""
    units = iter(_SIZES)
    unit = next(units)
    while n_bytes >= 1000 and unit != _SIZES[-1]:
        n_bytes, unit = n_bytes / 1000, next(units)
    return f"{n_bytes:.0f} {unit}" if unit == "B" or n_bytes >= 100 else f"{n_bytes:.1f} {unit}"


def ago(moment: float | None, now: float) -> str | None:
    """Return how long ago `moment` was, both in seconds since 1970: 3 h. None of None."""
    if moment is None:
        return None
    for unit, seconds in _AGES:
        if now - moment >= seconds:
            return f"{(now - moment) // seconds:.0f} {unit}"
    return "now"


def duration(seconds: float) -> str:
    """Return how long something takes, in two units at most: 2 h 10 min."""
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    days, hours, minutes = minutes // 1440, minutes // 60 % 24, minutes % 60
    parts = [f"{value} {unit}" for value, unit in ((days, "d"), (hours, "h"), (minutes, "min")) if value]
    return " ".join(parts[:2])
