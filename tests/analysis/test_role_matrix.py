from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from persona_assets.analysis import role_matrix
from persona_assets.analysis.role_matrix import RoleMatrix, read_selection, with_selection
from persona_assets.analysis.role_test import RoleTest
from persona_assets.analysis.selection import Selection, select
from persona_assets.lake.schema import FEATURES, ROLE_MATRIX
from persona_assets.study.settings import AtlasSettings
from tests.atlas.made import SETTINGS, centre, made, random_means

MEANS = random_means(0, 6, 70)
CASES = {
    "log1p": select(made(MEANS), SETTINGS),
    "centred": select(made(MEANS, centred=centre(MEANS)), AtlasSettings()),
    "tested": select(
        made(MEANS, test=RoleTest(*np.random.default_rng(1).random((3, 70)) * [[9], [0.1], [1]])),
        AtlasSettings(),
    ),
    "nothing selected": select(made(np.zeros((3, 8))), SETTINGS),
    "no stability": select(made(MEANS, np.full((2, *MEANS.shape), np.nan)), SETTINGS),
}


def statistics_of(n_features: int) -> pa.Table:
    """Feature statistics with nothing known but the ids."""
    names = FEATURES.schema.names
    schema = pa.schema([FEATURES.schema.field(name) for name in names[: names.index("atlas_alive")]])
    known = {"feature_id": np.arange(n_features), "alive": np.ones(n_features, bool)}
    columns = [
        pa.array(known[field.name], field.type) if field.name in known else pa.nulls(n_features, field.type)
        for field in schema
    ]
    return pa.table(columns, schema=schema)


@pytest.mark.parametrize("case", CASES)
def test_a_selection_comes_back_from_its_tables(case: str) -> None:
    selection = CASES[case]
    features = with_selection(statistics_of(len(selection.mu)), selection)
    assert features.schema == FEATURES.schema
    back = read_selection(
        selection.roles, selection.mode, selection.criterion, features, RoleMatrix(selection).table()
    )
    for name in Selection.__dataclass_fields__:
        np.testing.assert_array_equal(getattr(back, name), getattr(selection, name), err_msg=name)
    assert back.centred == selection.centred
    np.testing.assert_equal(back.threshold, selection.threshold)


def test_every_feature_that_passed_has_a_row_for_each_role_found_by_its_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(role_matrix, "_FEATURES", 3)  # so that there are several parts
    selection = CASES["log1p"]
    table = RoleMatrix(selection).table()
    assert table.schema == ROLE_MATRIX.schema
    assert table.num_rows == 6 * selection.passed.sum()
    for row in table.to_pylist():
        assert row["raw"] == MEANS[selection.roles.index(row["role"]), row["feature_id"]]
        assert row["value"] == np.log1p(row["raw"])


def test_what_is_not_known_of_a_feature_is_null(tmp_path: Path) -> None:
    features = with_selection(statistics_of(70), CASES["no stability"])
    assert (
        features["stability_classic"].null_count == features["role_q"].null_count == 70
        and features["atlas_sd"].null_count == 0
    )
