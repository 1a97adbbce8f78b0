from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from persona_assets.study import Study
from persona_assets.warehouse import connect, publish
from tests.warehouse.world import World, fill, write_catalogue


@pytest.fixture
def unfilled(make_study: Any, tmp_path: Path) -> Study:
    """The study before anything was run."""
    return make_study("small", write_catalogue(tmp_path / "catalogue"))


@pytest.fixture
def world(unfilled: Study) -> World:
    """The study with all its files in the lake, nothing published."""
    return fill(unfilled)


@pytest.fixture
def warehouse(world: World) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection to the published study."""
    publish(world.study)
    with connect(world.study) as connection:
        yield connection
