from __future__ import annotations

import logging
from pathlib import Path

from persona_assets.orchestration.progress import reporter
from persona_assets.orchestration.reports import land_atlas
from tests.conftest import StudyMaker
from tests.warehouse.world import compare, fill, write_catalog


def test_the_atlas_shows_its_pictures_under_every_sae(make_study: StudyMaker, tmp_path: Path) -> None:
    study = make_study("small", write_catalog(tmp_path / "catalog"))
    fill(study)
    compare(study)
    with reporter(logging.getLogger(__name__), "atlas", 2) as report:
        metadata = land_atlas(study, report).metadata
    for title in ("roles by similarity", "roles along axes", "map of features"):
        for key in (title, f"second: {title}"):
            assert metadata[key].value.startswith(f"![{title}](data:image/png;base64,")
