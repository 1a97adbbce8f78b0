"""`persona explore` and `persona site`."""

from __future__ import annotations

import os
import sys
import threading
import webbrowser
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from persona_assets.cli.bar import bars
from persona_assets.cli.interrupts import end_beside_threads, never_lost
from persona_assets.cli.units import size
from persona_assets.drift.folder import folder_runs
from persona_assets.drift.trials import Trials
from persona_assets.explorer.server import front_end
from persona_assets.explorer.server.access import TOKEN, Access, base_path, own_token, trusted_hosts
from persona_assets.explorer.server.model import Model
from persona_assets.explorer.server.server import serve
from persona_assets.explorer.site import write_site
from persona_assets.steering.offered import Offered
from persona_assets.study.study import Study
from persona_assets.warehouse import hindered, newest_snapshot


def access_by(host: str, trusted: Sequence[str], base: str, with_token: bool) -> Access:
    """Return who may ask, and where. Raises StudyError for a name, a path or a token that is none."""
    return Access(host, trusted_hosts(trusted), base_path(base), own_token() if with_token else None)


class Steerable(NamedTuple):
    """Files of axes and caps that the page Steer offers besides features, roles and the study's own axis."""

    axes: Sequence[Path]
    caps: Sequence[Path]


def explore(
    study: Study,
    access: Access,
    port: int,
    browser: bool,
    drift_runs: Path | None,
    steerable: Steerable | None,
) -> None:
    """Serve the study's explorer until Ctrl-C, and open it in a browser.

    Where something is `steerable` the model is loaded, for the pages Try and Steer. Raises StudyError where a
    file does not fit it.
    """
    for line in _lacking(study, drift_runs):  # told before anything is served
        print(line, file=sys.stderr)

    def started(address: str) -> None:
        print(f"{study.name}: {address} (Ctrl-C ends it)", flush=True)
        if access.token is not None:  # a new one is told here, and nowhere else
            is_given = TOKEN in os.environ
            print(f"token: {f'that of {TOKEN}' if is_given else access.token}", flush=True)
        if browser:  # in a thread of its own: some browsers return only when they are closed
            threading.Thread(target=webbrowser.open, args=[address], daemon=True).start()

    with suppress(KeyboardInterrupt), _model(study, steerable) as model:
        serve(study, access, port, started, drift_runs, model)
    if steerable is not None:
        end_beside_threads()


def _lacking(study: Study, drift_runs: Path | None) -> Iterator[str]:
    """Yield a line for each thing that the pages will not show."""
    if drift_runs is not None:
        for run in folder_runs(drift_runs)["unreadable"]:
            yield f"persona: run {run['run']} is not shown: {run['reason']}"
    if not (front_end.DIST / "index.html").is_file():
        yield f"persona: {front_end.MISSING}"
    if not newest_snapshot(study).is_file():
        first = hindered(study)
        yield (
            f"nothing is published yet: {f'{first}; then ' if first else ''}start `persona run {study.name}` "
            "in another terminal, and the pages fill by themselves"
        )


@contextmanager
def _model(study: Study, steerable: Steerable | None) -> Iterator[Model | None]:
    """Yield the study's model, loaded, and what it can be steered with."""
    if steerable is None:
        yield None
        return
    offered = Offered.read(study, *steerable) if any(steerable) else None  # before the model is loaded
    with closing(Trials(study)) as trials:
        print(f"loading the model of {study.name} …", file=sys.stderr, flush=True)
        trials.load()
        yield Model(trials, offered)


def site(study: Study, folder: Path) -> None:
    """Write the static site, and say where."""
    with never_lost(), bars("writing the database", "writing pages") as (rows, pages):
        written = write_site(study, folder, pages, of_database=rows)
    print(
        f"{written.n_files} files of data in {folder}, and a database of {size(written.database)} for SQL; "
        f"try it: python3 -m http.server --directory {folder}"
    )
