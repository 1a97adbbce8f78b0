"""A data set of a filled and published study, and a web server that hands it out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from persona_assets.base.backoff import Backoff
from persona_assets.dataset import fetch
from persona_assets.dataset.write import checked, write_dataset
from persona_assets.study.study import Study
from tests.dataset.server import Server
from tests.warehouse.conftest import catalog, published, unfilled, world  # noqa: F401
from tests.warehouse.world import World


def quietly(_done: int, _total: int) -> None:
    """Hear no progress."""


def write(study: Study, folder: Path, url: str | None = None) -> Path:
    """Write the study's data set into `folder`."""
    write_dataset(study, folder, "cc-by-4.0", url, checked(study, quietly), quietly)
    return folder


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory, published: World) -> Path:  # noqa: F811
    """The data set of the study, for tests that only read."""
    return write(published.study, tmp_path_factory.mktemp("written") / "out")


@pytest.fixture
def server(written: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """The data set on a web server; nobody waits between two tries."""
    monkeypatch.setattr(fetch, "_PAUSES", Backoff(first=0.0, longest=0.0))
    with Server(written) as started:
        yield started
