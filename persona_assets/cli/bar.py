"""Progress bar for commands that are not Dagster runs."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

from rich.console import Console
from rich.progress import Progress as Bars

from persona_assets.base.progress import NowAndThen, Progress


def error_console() -> Console:
    """Return a console on standard error: a terminal only where that is one, whatever FORCE_COLOR says.

    Notebooks set that variable, and what is then written over and over is a page of bars.
    """
    return Console(stderr=True, force_terminal=None if sys.stderr.isatty() else False)


def lines(say: Callable[[str], None]) -> Progress:
    """Return what says, every half a minute, how much is done."""
    seldom = NowAndThen()

    def hear(done: int, total: int) -> None:
        if seldom.is_due():
            say(f"{done:,} of {total:,}")

    return hear


@contextmanager
def bar(title: str, console: Console | None = None) -> Iterator[Progress]:
    """Yield a bar on standard error, or lines where that is no terminal.

    A bar begins once something is done: a refusal stands alone.
    """
    with bars(title, console=console) as [one]:
        yield one


@contextmanager
def bars(*titles: str, console: Console | None = None) -> Iterator[list[Progress]]:
    """Yield a bar for each title, as `bar` does: of work that is done one after the other."""
    console = console or error_console()
    if not console.is_terminal:
        yield [lines(partial(_say, console, title)) for title in titles]
        return
    progress = Bars(console=console)
    try:
        yield [_task(progress, title) for title in titles]
    finally:
        if progress.live.is_started:
            progress.stop()


def _say(console: Console, title: str, said: str) -> None:
    console.print(f"{title}: {said}", highlight=False, markup=False)


def _task(progress: Bars, title: str) -> Progress:
    task = progress.add_task(title, visible=False)

    def hear(done: int, total: int) -> None:
        progress.start()
        progress.update(task, completed=done, total=total, visible=True)

    return hear
