"""A bar for what is no Dagster run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import Progress as Bars

from persona_assets.progress import Progress


@contextmanager
def bar(title: str, console: Console | None = None) -> Iterator[Progress]:
    """A bar on standard error. It shows once something is done: a refusal stands alone."""
    with Bars(console=console or Console(stderr=True)) as progress:
        task = progress.add_task(title, visible=False)
        yield lambda done, total: progress.update(task, completed=done, total=total, visible=True)
