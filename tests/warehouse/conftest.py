from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import duckdb
import pytest

from persona_assets.study.study import Study, load_study
from persona_assets.warehouse import connect, publish
from tests.conftest import StudyMaker, write_study
from tests.warehouse.world import World, compare, fill, write_catalog


@pytest.fixture(scope="session")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Roles and questions of their own, and the settings that name them."""
    return write_catalog(tmp_path_factory.mktemp("catalog"))


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory, catalog: dict[str, Any]) -> World:
    """The study, filled and published, for tests that only read."""
    folder = tmp_path_factory.mktemp("published")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PERSONA_LAKE", str(folder / "lake"))
        patch.delenv("PERSONA_WAREHOUSE", raising=False)
        world = fill(load_study(write_study(folder / "small", catalog)))
        compare(world.study)
        publish(world.study)
    return world


@pytest.fixture
def unfilled(make_study: StudyMaker, catalog: dict[str, Any]) -> Study:
    """The study before anything was run."""
    return make_study("small", catalog)


@pytest.fixture
def world(unfilled: Study, published: World) -> World:
    """The study with all its files in a lake of the test's own, nothing published."""
    unpublished = shutil.ignore_patterns("warehouse.duckdb")
    shutil.copytree(published.study.lake.root, unfilled.lake.root, ignore=unpublished)
    return replace(published, study=unfilled)


@pytest.fixture
def warehouse(published: World) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection to the published study."""
    with connect(published.study) as connection:
        yield connection
