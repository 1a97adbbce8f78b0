"""What a member of the team is told who has forgotten something; needs no servers."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from sqlalchemy import create_engine
from sqlalchemy.exc import OperationalError

from persona_assets.base.errors import StudyError
from persona_assets.cli.instance import dagster_instance, database_plainly
from tests.cluster.servers import DEPLOY
from tests.ports import free_port


@pytest.fixture
def home(homes: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A Dagster home with a cluster's settings, and no addresses."""
    shutil.copy(DEPLOY / "dagster.yaml", homes / "dagster")
    for name in ("PERSONA_POSTGRES", "PERSONA_REDIS"):
        monkeypatch.delenv(name, raising=False)
    return homes / "dagster"


def test_a_variable_that_is_not_set_is_named(home: Path) -> None:
    with pytest.raises(StudyError, match=f"{home}/dagster.yaml: .*PERSONA_POSTGRES.* is not set"):
        dagster_instance()


def test_a_database_that_does_not_answer_is_named(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    port = free_port()
    monkeypatch.setenv("PERSONA_POSTGRES", f"postgresql+psycopg2://dagster@127.0.0.1:{port}/dagster")
    with pytest.raises(StudyError, match=f"port {port} failed: Connection refused.*start the database"):
        dagster_instance()


def test_a_database_that_goes_away_in_the_middle_of_a_run_is_one_clear_line() -> None:
    engine = create_engine(f"postgresql+psycopg2://dagster@127.0.0.1:{free_port()}/dagster")
    gone = "does not answer any more .*refused.*the same command goes on"
    with pytest.raises(StudyError, match=gone), database_plainly():
        try:
            engine.connect()
        except OperationalError as error:
            raise RuntimeError("too many retries for DB connection") from error


def test_other_errors_of_a_run_stay_what_they_are() -> None:
    with pytest.raises(ZeroDivisionError), database_plainly():
        print(1 / 0)
