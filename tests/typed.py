"""`persona …` typed in this process, as a user would: its status and what it wrote, within a time."""

from __future__ import annotations

import io
import signal
from dataclasses import dataclass
from types import FrameType
from typing import Any
from unittest.mock import patch

from persona_assets.cli import main


@dataclass(frozen=True)
class Said:
    """What a command left: its exit status, and the bytes of both streams as texts."""

    status: int
    out: str
    err: str


class EndlessError(BaseException):
    """A command did not end in its time. Not an Exception: no handler on the way may take it for one."""


def typed(*words: object, encoding: str = "utf-8", written_in: str = "utf-8", seconds: float = 60) -> Said:
    """Run `persona` with `words`. Its stdout has the `encoding` of a terminal; what it wrote is `written_in`.

    Raises EndlessError after `seconds`.
    """
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding=encoding, errors="strict") for _ in range(2))
    before = signal.signal(signal.SIGALRM, _ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        with (
            patch("sys.argv", ["persona", *map(str, words)]),
            patch("sys.stdout", out),
            patch("sys.stderr", err),
        ):
            status = _status()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    return Said(status, _text(out, written_in), _text(err, encoding))


def _status() -> int:
    try:
        main()
    except SystemExit as left:
        return int(left.code or 0)
    raise AssertionError("main ends by SystemExit")


def _text(stream: Any, encoding: str) -> str:
    stream.flush()
    return str(stream.buffer.getvalue().decode(encoding))


def _ring(number: int, frame: FrameType | None) -> None:
    raise EndlessError
