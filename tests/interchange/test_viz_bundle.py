from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from persona_assets.analysis.stage import compare_roles
from persona_assets.atlas.stage import map_features
from persona_assets.base.errors import StudyError
from persona_assets.interchange.export import export_study
from persona_assets.interchange.importing import import_study
from persona_assets.labels.stage import land_labels
from persona_assets.stages.across_roles import AcrossRoles
from persona_assets.study.study import Study
from tests.conftest import StudyMaker

from .conftest import ROLES

SCHEMA = json.loads(Path(__file__).with_name("bundle.schema.json").read_text())
FOLDER = "viz_bundle/model_small"


def map_roles(study: Study) -> None:
    compare_roles(AcrossRoles.of(study), "small")
    map_features(AcrossRoles.of(study), "small")


def bundle_in(folder: Path) -> dict[str, Any]:
    content = json.loads((folder / FOLDER / "bundle.json").read_text())
    jsonschema.validate(content, SCHEMA)
    return content


def test_the_atlas_is_exported_with_the_files_it_speaks_of(source: Study, tmp_path: Path) -> None:
    map_roles(source)
    assert export_study(source, tmp_path / "files").atlases == ["small"]
    bundle = bundle_in(tmp_path / "files")
    assert bundle["roles"] == ROLES and bundle["dataset"]["name"] == "model_small"
    assert (tmp_path / "files" / bundle["dataset"]["aggregated_file"]).is_file()
    assert (tmp_path / "files" / bundle["dataset"]["features_dir"] / "pirate.npz").is_file()
    with (tmp_path / "files" / FOLDER / "features.csv").open(newline="") as lines:
        assert [int(row["feature_id"]) for row in csv.DictReader(lines)] == bundle["feature_ids"]


def test_labels_that_have_landed_are_in_it(
    make_study: StudyMaker, source: Study, settings: dict[str, Any], tmp_path: Path
) -> None:
    map_roles(source)
    export_study(source, tmp_path / "before")
    best = bundle_in(tmp_path / "before")["feature_ids"][0]
    labels = tmp_path / "labels.json"
    labels.write_text(
        json.dumps([{"feature_id": best, "description": "ahoy", "url": "https://example.org/1"}])
    )
    labelled = make_study("source", {**settings, "labels.cache": str(labels)})
    land_labels(labelled, "small")
    export_study(labelled, tmp_path / "after")
    first, second, *_ = bundle_in(tmp_path / "after")["features"]
    assert (first["description"], first["neuronpedia_url"]) == ("ahoy", "https://example.org/1")
    assert second["description"] is None


def test_a_study_without_an_atlas_exports_the_rest(source: Study, tmp_path: Path) -> None:
    assert export_study(source, tmp_path / "files").atlases == []
    assert not (tmp_path / "files" / "viz_bundle").exists()
    with pytest.raises(StudyError, match="run `persona run source --select statistics` first"):
        map_features(AcrossRoles.of(source), "small")


def test_the_atlas_of_an_imported_run_is_that_of_the_run_itself(
    source: Study, target: Study, tmp_path: Path
) -> None:
    map_roles(source)
    export_study(source, tmp_path / "files")
    import_study(target, tmp_path / "files")
    map_roles(target)
    export_study(target, tmp_path / "again")
    assert bundle_in(tmp_path / "again") == bundle_in(tmp_path / "files")
