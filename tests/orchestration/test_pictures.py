from __future__ import annotations

import logging
from pathlib import Path

from persona_assets.lake.schema import ROLE_CONTRASTS, STATISTICS_TABLES
from persona_assets.orchestration.metadata import about_files
from persona_assets.orchestration.progress import reporter
from persona_assets.orchestration.study_reports import land_atlas
from persona_assets.stages.across_roles import AcrossRoles
from tests.conftest import StudyMaker
from tests.warehouse.world import compare, fill, write_catalog


def test_rows_are_counted_of_the_table_that_the_stage_is_shown_by_in_whatever_order_files_come(
    make_study: StudyMaker, tmp_path: Path
) -> None:
    study = make_study("small", write_catalog(tmp_path / "catalog"))
    fill(study)
    compare(study)
    files = AcrossRoles.of(study).files(STATISTICS_TABLES, "first")
    assert files is not None
    for order in (list(files), list(files)[::-1]):
        counted = about_files(study.lake, {name: files[name] for name in order})["dagster/row_count"]
        assert counted == study.lake.num_rows(files[ROLE_CONTRASTS.name])


def test_the_atlas_shows_its_pictures_under_every_sae(make_study: StudyMaker, tmp_path: Path) -> None:
    study = make_study("small", write_catalog(tmp_path / "catalog"))
    fill(study)
    compare(study)
    with reporter(logging.getLogger(__name__), "atlas", 2) as report:
        metadata = land_atlas(study, report).metadata
    for title in ("roles by similarity", "roles along axes", "map of features"):
        for key in (title, f"second: {title}"):
            assert metadata[key].value.startswith(f"![{title}](data:image/png;base64,")
