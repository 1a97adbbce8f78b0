from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import duckdb
import pytest

from persona_assets.study import Study, load_study
from persona_assets.warehouse import connect, publish
from tests.conftest import StudyMaker, write_study
from tests.warehouse.world import World, fill, write_catalogue


@pytest.fixture(scope="session")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Roles and questions of their own, and the settings that name them."""
    return write_catalogue(tmp_path_factory.mktemp("catalogue"))


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory, catalogue: dict[str, Any]) -> World:
    """The world in a lake that no test touches: each gets a copy."""
    folder = tmp_path_factory.mktemp("filled")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PERSONA_LAKE", str(folder / "lake"))
        return fill(load_study(write_study(folder / "small", catalogue)))


@pytest.fixture
def unfilled(make_study: StudyMaker, catalogue: dict[str, Any]) -> Study:
    """The study before anything was run."""
    return make_study("small", catalogue)


@pytest.fixture
def world(unfilled: Study, filled: World) -> World:
    """The study with all its files in the lake, nothing published."""
    shutil.copytree(filled.study.lake.root, unfilled.lake.root)
    return replace(filled, study=unfilled)


@pytest.fixture
def warehouse(world: World) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection to the published study."""
    publish(world.study)
    with connect(world.study) as connection:
        yield connection
