"""The Dagster instance that the command line records into, and what it says where that fails."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
from dagster._core.instance.ref import InstanceRef
from sqlalchemy.exc import DBAPIError

from persona_assets.base.atomic import turn
from persona_assets.base.errors import StudyError, writing
from persona_assets.base.project import project

_ELSEWHERE = "point DAGSTER_HOME elsewhere"


def dagster_instance() -> dg.DagsterInstance:
    """Return the instance of `DAGSTER_HOME`, by default the project folder's own `.dagster/`.

    What steps print stays on the terminal: caught, the bars would stand still, and Ctrl-C would have the
    catching processes print their stacks. Raises StudyError where its settings or its database are not right.
    """
    home = Path(os.environ.get("DAGSTER_HOME") or project() / ".dagster").absolute()
    os.environ["DAGSTER_HOME"] = str(home)
    with writing(home, _ELSEWHERE):
        home.mkdir(parents=True, exist_ok=True)
    nowhere = {"module": "dagster._core.storage.noop_compute_log_manager", "class": "NoOpComputeLogManager"}
    try:
        with turn(home):  # Dagster makes its tables where they are missing; two that begin at once break them
            return dg.DagsterInstance.from_ref(
                InstanceRef.from_dir(str(home), overrides={"compute_logs": nowhere})
            )
    except Exception as error:  # of Dagster, of its storage, of the database's driver
        with writing(home, _ELSEWHERE), tempfile.TemporaryFile(dir=home):
            pass  # in a folder that can be written the history's settings are wrong
        raise StudyError(
            f"{home / 'dagster.yaml'}: Dagster cannot start with it ({_first_cause(error)}); mend it, set "
            "the variables that it names, or start the database"
        ) from error


@contextmanager
def database_plainly() -> Iterator[None]:
    """Say in one line that the database of Dagster's history went away."""
    try:
        yield
    except Exception as error:
        if not any(isinstance(cause, DBAPIError) for cause in _causes(error)):
            raise
        raise StudyError(
            f"the database of Dagster's history does not answer any more ({_first_cause(error)}); the roles "
            "that landed stay, and the same command goes on from there"
        ) from error


def _causes(error: BaseException) -> Iterator[BaseException]:
    yield error
    while (cause := error.__cause__ or error.__context__) is not None:
        yield cause
        error = cause


def _first_cause(error: BaseException) -> str:
    *_, error = _causes(error)
    if unset := re.search(r'environment variable "(\w+)" which is not set', str(error)):
        return f"the variable {unset[1]} is not set"
    wrong_settings = isinstance(error, dg.DagsterInvalidConfigError) and error.errors
    said = wrong_settings[0].message if wrong_settings else str(error)
    return " ".join(said.split("Stack Trace")[0].split())[:300]
