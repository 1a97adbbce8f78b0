"""Progress bar for commands that are not Dagster runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import Progress as Bars

from persona_assets.base.progress import Progress


@contextmanager
def bar(title: str, console: Console | None = None) -> Iterator[Progress]:
    """Yield a bar on standard error. It begins once something is done: a refusal stands alone."""
    progress = Bars(console=console or Console(stderr=True))
    task = progress.add_task(title)

    def hear(done: int, total: int) -> None:
        progress.start()
        progress.update(task, completed=done, total=total)

    try:
        yield hear
    finally:
        if progress.live.is_started:
            progress.stop()
