"""A study whose lake is filled and published, for every test a new one."""

from __future__ import annotations

from pathlib import Path

import pytest

from persona_assets.study.study import Study
from persona_assets.warehouse import publish
from tests.conftest import StudyMaker
from tests.warehouse.world import fill, write_catalog


@pytest.fixture
def study(make_study: StudyMaker, tmp_path: Path) -> Study:
    study = make_study("small", write_catalog(tmp_path / "catalog"))
    fill(study)
    publish(study)
    return study
