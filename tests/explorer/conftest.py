from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from persona_assets.analysis.aggregate import aggregate
from persona_assets.analysis.stage import compare_roles
from persona_assets.explorer.resources import Source
from persona_assets.explorer.snapshot.opened import OpenSnapshot, Snapshots
from persona_assets.extract.stage import ExtractionStage
from persona_assets.generate.stage import GenerationStage
from persona_assets.stages.across_roles import AcrossRoles
from persona_assets.steering.caps import Cap, Floor, write_cap
from persona_assets.study.study import Study, load_study
from persona_assets.warehouse import publish
from tests.conftest import write_study
from tests.explorer.browser import built, chromium, page, site, site_folder, troubles  # noqa: F401
from tests.explorer.served import Served, serving
from tests.warehouse.world import World, compare, fill, write_catalog


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A study with every table filled, published, for tests that only read."""
    folder = tmp_path_factory.mktemp("explored")
    changes = write_catalog(folder / "catalog")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PERSONA_LAKE", str(folder / "lake"))
        patch.delenv("PERSONA_WAREHOUSE", raising=False)
        world = fill(load_study(write_study(folder / "small", changes)))
        compare(world.study)
        publish(world.study)
    return world


@pytest.fixture(scope="session")
def live(published: World) -> Iterator[Served]:
    """A server of that study."""
    with serving(published.study, published.study.lake.root) as served:
        yield served


@pytest.fixture(scope="session")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """A study of the toy model, whose answers the model gave and its SAE has read, compared and published."""
    folder = tmp_path_factory.mktemp("toy")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PERSONA_LAKE", str(folder / "lake"))
        patch.delenv("PERSONA_WAREHOUSE", raising=False)
        study = load_study(write_study(folder / "small"))
        generation, extraction = GenerationStage(study), ExtractionStage(study)
        for role in study.role_names:
            generation.land(role)
            extraction.land(role)
            aggregate(study, role, "demo")
        extraction.close()
        compare_roles(AcrossRoles.of(study), "demo")
        publish(study)
    return study


@pytest.fixture(scope="session")
def steerable(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The files of an axis and of a cap of two layers of the toy model."""
    folder = tmp_path_factory.mktemp("steerable")
    axis, cap = folder / "their axis.pt", folder / "floors.safetensors"
    rows = torch.randn(6, 192, generator=torch.Generator().manual_seed(1))
    torch.save({"axis": rows}, axis)
    write_cap(Cap(tuple(Floor(rows[one] / rows[one].norm(), 2.0, one) for one in (1, 3)), "model"), cap)
    return axis, cap


@pytest.fixture(scope="session")
def with_model(toy: Study, steerable: tuple[Path, Path]) -> Iterator[Served]:
    """A server of that study, its model loaded, and files that it can be steered with."""
    axis, cap = map(str, steerable)
    with serving(toy, toy.lake.root, words=["--model", "--axis-file", axis, "--cap-file", cap]) as served:
        yield served


@pytest.fixture
def snapshot(published: World) -> Iterator[OpenSnapshot]:
    """The study's snapshot, open."""
    snapshots = Snapshots(published.study)
    yield snapshots.newest()
    snapshots.close()


@pytest.fixture
def source(snapshot: OpenSnapshot) -> Iterator[Source]:
    """What resources are read from."""
    with snapshot.source() as opened:
        yield opened


@pytest.fixture
def own(published: World, tmp_path, monkeypatch: pytest.MonkeyPatch) -> World:
    """The same study with a lake of the test's own, nothing published."""
    lake = tmp_path / "lake"
    unpublished = shutil.ignore_patterns("warehouse.duckdb")
    shutil.copytree(published.study.lake.root, lake, ignore=unpublished)
    monkeypatch.setenv("PERSONA_LAKE", str(lake))
    return replace(
        published, study=Study(published.study.name, published.study.settings, published.study.file)
    )
