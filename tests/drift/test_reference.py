from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from persona_assets.base.errors import StudyError
from persona_assets.drift.reference import build_reference, role_vector
from persona_assets.study.settings import DriftSettings
from tests.drift.made import random_codes

VECTORS = {role: random_codes([1], seed=seed, density=0.6).values for seed, role in enumerate("dcba")}


def test_roles_are_sorted_and_the_anchor_is_compared_with_all_others() -> None:
    reference = build_reference(VECTORS, "c", DriftSettings())
    assert reference.roles == list("abcd") and reference.compared_with == list("abd")
    assert reference.target.anchor == 2
    dense = {role: np.log1p(values.toarray()[0].astype(np.float64)) for role, values in VECTORS.items()}
    np.testing.assert_allclose(reference.target.roles.dense(3), dense["d"])
    axis = dense["c"] - np.mean([dense[role] for role in "abd"], axis=0)
    np.testing.assert_allclose(reference.target.axis, axis / np.linalg.norm(axis))


def test_a_named_subset_is_what_the_anchor_is_compared_with_and_never_itself() -> None:
    reference = build_reference(VECTORS, "c", DriftSettings(compared_with=["d", "c"]))
    assert reference.compared_with == ["d"]
    dense = {role: np.log1p(VECTORS[role].toarray()[0].astype(np.float64)) for role in "cd"}
    axis = dense["c"] - dense["d"]
    np.testing.assert_allclose(reference.target.axis, axis / np.linalg.norm(axis))


@pytest.mark.parametrize(
    ("roles", "anchor", "settings", "complaint"),
    [
        ("abcd", "x", {}, "the anchor 'x' is not among the roles compared"),
        ("abcd", "a", {"compared_with": ["b", "x"]}, "drift.compared_with: role 'x'"),
        ("abcd", "a", {"compared_with": ["a"]}, "no other role to be compared with"),
        ("a", "a", {}, "no other role to be compared with"),
    ],
)
def test_a_reference_that_cannot_be_is_refused(
    roles: str, anchor: str, settings: dict, complaint: str
) -> None:
    vectors = {role: VECTORS[role] for role in roles}
    with pytest.raises(StudyError, match=complaint):
        build_reference(vectors, anchor, DriftSettings.model_validate(settings))


def test_a_roles_vector_has_the_statistic_that_turns_are_pooled_by() -> None:
    features = pa.table({"feature_id": [1, 4], "mean": [0.5, 0.25], "max": [3.0, 2.0]})
    assert role_vector(features, "mean", 6).toarray().tolist() == [[0, 0.5, 0, 0, 0.25, 0]]
    assert role_vector(features, "max", 6).toarray().tolist() == [[0, 3, 0, 0, 2, 0]]
