from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pyarrow as pa

from persona_assets.analysis.own_stage import compare_groups
from persona_assets.interchange.export import export_study
from persona_assets.lake.schema import CONTRAST_FEATURES, CONTRAST_TABLES
from persona_assets.stages.across_roles import AcrossRoles
from persona_assets.study.study import Study
from tests.conftest import StudyMaker


def test_contrasts_are_exported_column_by_column_as_the_lake_has_them(
    make_study: StudyMaker, source: Study, settings: dict[str, Any], tmp_path: Path
) -> None:
    named = {"sea": {"roles": ["pirate"]}, "first": {"wordings": [0]}}
    study = make_study("source", {**settings, "contrasts": named})
    assert export_study(study, tmp_path / "before").contrasts == {}, "what is not made is not written"
    files = compare_groups(AcrossRoles.of(study), "small")
    assert export_study(study, tmp_path / "after").contrasts == {"small": ["first", "sea"]}
    folder = tmp_path / "after/contrasts" / study.settings.questions.mode / "model_small"
    assert {file.stem for file in folder.iterdir()} == {table.name for table in CONTRAST_TABLES}
    with (folder / "contrast_features.csv").open(newline="") as lines:
        written = list(csv.DictReader(lines))
    landed = study.lake.read(CONTRAST_FEATURES, files[CONTRAST_FEATURES.name]).to_pylist()
    assert written and list(written[0]) == CONTRAST_FEATURES.schema.names
    assert [{name: _read(name, text) for name, text in row.items()} for row in written] == landed


def _read(name: str, text: str) -> Any:
    """Return the value of a cell, as what its column's type makes of it."""
    kind = CONTRAST_FEATURES.schema.field(name).type
    if pa.types.is_dictionary(kind):
        return text
    return pa.array([text or None]).cast(kind)[0].as_py()
