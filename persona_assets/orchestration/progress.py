"""How far a stage is: log lines in Dagster's own runs, bars on a terminal, lines in a file of the output."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bars

from persona_assets.base.progress import NowAndThen, Progress

# What the command that is running shows, by stage; Dagster's own runs show nothing.
_bars: ContextVar[dict[str, _Bar | _Lines] | None] = ContextVar("bars", default=None)


class Report(Protocol):
    """Hears of parts of a stage finished (roles; SAEs where it is in one piece), and of steps within one."""

    def part(self, name: str) -> Progress:
        """Return what a stage calls with (steps done, steps in all) while part `name` is under way."""

    def done(self, name: str) -> None:
        """Part `name` has landed, or is fresh and was checked again."""

    def warn(self, line: str) -> None:
        """Say a line that somebody should see before the stage goes on."""


@contextmanager
def bars(console: Console) -> Iterator[Callable[[str, int, Collection[str]], None]]:
    """Show progress as bars on `console` instead of log lines; where it is no terminal, as lines.

    What it gives is told of each stage, before its first run, of how many parts all its runs have, and of the
    parts that are made: others are only checked.
    """
    if not console.is_terminal:
        with _shown() as started:
            yield lambda stage, n_parts, made: started.update(
                {stage: _Lines(_to(console, stage), n_parts, made=made)}
            )
        return
    columns = (TextColumn("{task.description:<40}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Bars(*columns, console=console) as progress, _shown() as started:

        def expect(stage: str, n_parts: int, made: Collection[str]) -> None:
            started[stage] = _Bar(progress, progress.add_task(stage, total=n_parts), stage)

        yield expect


@contextmanager
def _shown() -> Iterator[dict[str, _Bar | _Lines]]:
    started: dict[str, _Bar | _Lines] = {}
    token = _bars.set(started)
    try:
        yield started
    finally:
        _bars.reset(token)


def _to(console: Console, stage: str) -> Callable[[str], None]:
    return lambda said: console.print(f"{stage}: {said}", highlight=False, markup=False)


@contextmanager
def reporter(log: logging.Logger, stage: str, n_parts: int) -> Iterator[Report]:
    """Yield a report for one run of a stage, over `n_parts` parts."""
    started = _bars.get()
    if started is None:
        yield _Lines(log.info, n_parts, log.warning)
        return
    bar = started[stage]
    yield bar
    bar.rest()


class _Lines:
    def __init__(
        self,
        say: Callable[[str], None],
        n_parts: int,
        warn: Callable[[str], None] | None = None,
        made: Collection[str] | None = None,
    ) -> None:
        self._say, self._n_parts, self.warn, self._made = say, n_parts, warn or say, made
        self._n_done, self._seldom = 0, NowAndThen()

    def part(self, name: str) -> Progress:
        def hear(done: int, total: int) -> None:
            if self._seldom.is_due():
                self._say(f"{name}: {done} of {total}")

        return hear

    def done(self, name: str) -> None:
        self._n_done += 1
        became = "landed" if self._made is None or name in self._made else "checked"
        self._say(f"{name} {became} ({self._n_done} of {self._n_parts})")

    def rest(self) -> None:
        """Nothing moves."""


class _Bar:
    def __init__(self, progress: Bars, task: TaskID, stage: str) -> None:
        self._progress, self._task, self._stage = progress, task, stage
        self._n_done = 0

    def part(self, name: str) -> Progress:
        def hear(done: int, total: int) -> None:
            self._progress.update(
                self._task,
                description=f"{self._stage}: {name} {done}/{total}",
                completed=self._n_done + done / total,
            )

        return hear

    def done(self, name: str) -> None:
        self._n_done += 1
        self.rest()

    def warn(self, line: str) -> None:
        _to(self._progress.console, self._stage)(line)

    def rest(self) -> None:
        self._progress.update(self._task, description=self._stage, completed=self._n_done)
