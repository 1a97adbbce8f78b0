from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.cluster.servers import DEPLOY, environment, postgres, postgres_programs, redis_server


@pytest.fixture(scope="module")
def addresses() -> Iterator[dict[str, str]]:
    """The servers' addresses, as `cluster.env` names them."""
    if postgres_programs() is None:
        pytest.skip("needs PostgreSQL: apt-get install postgresql")
    if shutil.which("redis-server") is None:
        pytest.skip("needs Redis: apt-get install redis-server")
    with ExitStack() as servers:
        yield {
            "PERSONA_POSTGRES": servers.enter_context(postgres()),
            "PERSONA_REDIS": servers.enter_context(redis_server()),
        }


@pytest.fixture
def cluster(
    homes: Path, addresses: dict[str, str], bucket_lake: str, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """What is started from here belongs to a cluster of the files of docs/deploy, in places of its own."""
    places = {
        "PERSONA_LAKE": bucket_lake,
        "PERSONA_WAREHOUSE": str(homes / "warehouse"),
        "DAGSTER_HOME": str(homes / "dagster"),
    }
    written = {name: value for name, value in environment().items() if not name.startswith("AWS_")}
    for name, value in {**written, **addresses, **places}.items():
        monkeypatch.setenv(name, value)
    shutil.copy(DEPLOY / "dagster.yaml", homes / "dagster")
    return homes
