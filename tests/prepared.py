"""Processes of the tests that have their imports behind them: real ones, of their own, that a signal may end.

A run imports PyTorch, transformers, SAELens, Dagster and UMAP: on a slow machine this takes longer than all
that the toy model then does. Here one process imports them, and every other forks from it.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path

import pytest

PATIENCE = 900  # seconds; a guard against a process that hangs, and no claim of how fast a machine is

_SERVER = multiprocessing.get_context("forkserver")
_SERVER.set_forkserver_preload(
    [
        "persona_assets.cli.run",
        "persona_assets.cli.health",
        "sae_lens",
        "persona_assets.atlas.kept_umap",  # `umap` itself would be compiled anew by every process
        "transformers.models.auto.modeling_auto",
    ]
)


class Prepared:
    """Python code that runs in a process of its own, in this process's environment."""

    def __init__(self, code: str, arguments: list[str], folder: Path, number: int) -> None:
        self._said = [folder / f"{number}.{stream}" for stream in ("stdout", "stderr")]
        self._process = _SERVER.Process(target=_run, args=(code, arguments, dict(os.environ), self._said))
        self._process.start()

    @property
    def status(self) -> int | None:
        """The exit status: minus the signal's number where one ended it, None while it runs."""
        return self._process.exitcode

    def terminate(self) -> None:
        self._process.terminate()

    def kill(self) -> None:
        self._process.kill()
        self._process.join()

    def finish(self) -> tuple[str, str]:
        """Wait for the end; return what was written to stdout and stderr."""
        self._process.join(PATIENCE)
        assert self.status is not None, f"still runs after {PATIENCE} s: {self._said[1].read_text()[-2000:]}"
        out, err = (file.read_text() if file.exists() else "" for file in self._said)
        return out, err


class Starter:
    """Start prepared processes; `close` ends those that are left."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._started = folder, list[Prepared]()

    def __call__(self, code: str, *arguments: object) -> Prepared:
        started = Prepared(code, [str(argument) for argument in arguments], self._folder, len(self._started))
        self._started.append(started)
        return started

    def close(self) -> None:
        for started in self._started:
            started.kill()


@pytest.fixture
def start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Starter]:
    """Start Python code in a prepared process: `start(code, argument, …)`; none outlives the test."""
    starter = Starter(tmp_path_factory.mktemp("said"))
    yield starter
    starter.close()


def _run(code: str, arguments: list[str], environment: dict[str, str], said: list[Path]) -> None:
    """Run `code` as `python -c` would; what it writes goes into two files."""
    os.environ.clear()
    os.environ.update(environment)
    for stream, file in enumerate(said, start=1):
        os.dup2(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), stream)
    sys.argv = ["-c", *arguments]
    try:
        exec(compile(code, "<prepared>", "exec"), {"__name__": "__main__"})
    except Exception:
        traceback.print_exc()
        raise SystemExit(1) from None
