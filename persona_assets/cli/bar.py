"""Progress bar for commands that are not Dagster runs."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import Progress as Bars

from persona_assets.base.progress import Progress


def error_console() -> Console:
    """Return a console on standard error: a terminal only where that is one, whatever FORCE_COLOR says.

    Notebooks set that variable, and what is then written over and over is a page of bars.
    """
    return Console(stderr=True, force_terminal=None if sys.stderr.isatty() else False)


@contextmanager
def bar(title: str, console: Console | None = None) -> Iterator[Progress]:
    """Yield a bar on standard error. It begins once something is done: a refusal stands alone."""
    progress = Bars(console=console or error_console())
    task = progress.add_task(title)

    def hear(done: int, total: int) -> None:
        progress.start()
        progress.update(task, completed=done, total=total)

    try:
        yield hear
    finally:
        if progress.live.is_started:
            progress.stop()
