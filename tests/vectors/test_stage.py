"""The stage from end to end, on the toy: against numpy, by the definition that assistant-axis gives."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from duckdb import DuckDBPyConnection as Connection

from persona_assets.cli.run import run_study
from persona_assets.interchange.export import export_study
from persona_assets.lake.schema import ROLE_CONTRASTS, VECTOR_AXES, VECTOR_TABLES
from persona_assets.models.sae import Sae, load_sae
from persona_assets.stages.across_roles import AcrossRoles
from persona_assets.vectors.stage import compare_vectors
from persona_assets.warehouse import connect
from tests.conftest import StudyMaker

STAGES = ["responses", "activations", "role_features", "statistics", "atlas", "vectors", "warehouse"]


def axis_between(anchor: np.ndarray, roles: list[np.ndarray]) -> np.ndarray:
    """The published axis: the default's mean less the mean of the role vectors."""
    return anchor - np.mean(roles, axis=0)


def test_roles_are_compared_by_their_vectors_where_a_study_asks_and_all_else_stays(
    make_study: StudyMaker, tmp_path: Path
) -> None:
    plain = make_study()
    run_study(plain, None, [one for one in STAGES if one != "vectors"], False)
    statistics = AcrossRoles.of(plain).file(ROLE_CONTRASTS, "demo")
    with connect(plain) as warehouse:
        for asked in (
            "roles_on_both_axes()",
            "features_along_the_axis()",
            "role_vectors",
            "vector_axes",
            "vector_positions",
        ):
            assert warehouse.execute(f"from {asked}").fetchall() == []

    study = make_study(changes={"extraction.vectors": "response"})
    run_study(study, None, STAGES, False)
    across = AcrossRoles.of(study)
    assert across.file(ROLE_CONTRASTS, "demo") == statistics and across.state(VECTOR_AXES, "demo") == "fresh"
    assert compare_vectors(across, "demo") == across.files(VECTOR_TABLES, "demo")
    with connect(study) as warehouse:
        means = checked_means(warehouse)
        axis = axis_between(means["default"], [means["ghost"], means["pirate"]])
        sae = load_sae(study.settings.extraction.saes["demo"])
        made = check_axes(warehouse, axis, sae)
        check_features(warehouse, axis, made, sae)
        check_positions(warehouse, axis, means)
    check_exported(export_study(study, tmp_path / "out").vectors, tmp_path / "out", means)


def checked_means(warehouse: Connection) -> dict[str, np.ndarray]:
    """Return the roles' vectors, of the responses' vectors as SQL gives them; `role_vectors` has the same."""
    vectors: dict[tuple[str, int | None], list] = {}
    for role, response, scale, vector in warehouse.execute(
        "select role, response_id, scale, vector from response_vectors"
    ).fetchall():
        for variant in (None, response // 100_000):
            vectors.setdefault((role, variant), []).append(scale * np.array(vector, np.float64))
    told = warehouse.execute("select role, variant, n, vector from role_vectors").fetchall()
    assert {(role, variant): n for role, variant, n, _ in told} == {
        key: len(rows) for key, rows in vectors.items()
    }
    for role, variant, _, vector in told:
        np.testing.assert_allclose(vector, np.mean(vectors[role, variant], axis=0), rtol=1e-5, atol=1e-6)
    return {role: np.mean(vectors[role, None], axis=0) for role in ("default", "ghost", "pirate")}


def difference_of_activations(warehouse: Connection, sae: Sae) -> np.ndarray:
    """Return the axis in features: the roles' mean activations."""
    activations = {role: np.zeros(sae.d_sae) for role in ("default", "ghost", "pirate")}
    for role, feature, mean in warehouse.execute(
        "select role, feature_id, mean from role_features"
    ).fetchall():
        activations[role][feature] = mean
    return axis_between(activations["default"], [activations["ghost"], activations["pirate"]])


def check_axes(warehouse: Connection, axis: np.ndarray, sae: Sae) -> np.ndarray:
    """Check the assistant axis and its share that the SAE carries; return what this makes of the axis."""
    axes = {
        row[0]: row[1:]
        for row in warehouse.execute(
            "select axis, direction, length, carried_in_sample, carried, carried_low, reason from vector_axes"
        ).fetchall()
    }
    direction, length, plainly, carried, low, reason = axes["assistant"]
    np.testing.assert_allclose(np.array(direction) * length, axis, rtol=1e-5, atol=1e-5)
    assert reason is None and low is None  # two wordings: nothing can be left out
    assert axes.keys() == {"assistant", "pc1", "pc2"}
    made = difference_of_activations(warehouse, sae) @ sae.directions().double().numpy()
    assert plainly == pytest.approx(axis @ made / np.linalg.norm(axis) / np.linalg.norm(made), rel=1e-5)
    assert 0.9 < plainly < carried <= 1  # the toy's SAE fits well, and noise is no difference
    return made


def check_features(warehouse: Connection, axis: np.ndarray, made: np.ndarray, sae: Sae) -> None:
    difference, directions = difference_of_activations(warehouse, sae), sae.directions().double().numpy()
    told = warehouse.execute(
        "select feature_id, in_sample, contribution from features_along_the_axis() order by feature_id"
    ).fetchall()
    ids, in_sample, contribution = (np.array(one) for one in zip(*told, strict=True))
    assert (ids == np.arange(sae.d_sae)).all()
    length = np.linalg.norm(axis)
    along = directions @ axis / length
    np.testing.assert_allclose(in_sample, along / np.linalg.norm(directions, axis=1), atol=1e-5)
    np.testing.assert_allclose(contribution, difference * along / length, atol=1e-5)
    assert contribution.sum() == pytest.approx(made @ axis / length**2, abs=1e-4)


def check_positions(warehouse: Connection, axis: np.ndarray, means: dict[str, np.ndarray]) -> None:
    unit, centre = axis / np.linalg.norm(axis), np.mean(list(means.values()), axis=0)
    for role, in_sample in warehouse.execute(
        "select role, in_sample from vector_positions where axis = 'assistant'"
    ).fetchall():
        assert in_sample == pytest.approx((means[role] - centre) @ unit, rel=1e-4)
    both = warehouse.execute("select role, residual, features from roles_on_both_axes()").fetchall()
    assert both[-1][0] == "default" and len(both) == 3
    assert all(residual is not None and features is not None for _, residual, features in both)


def check_exported(written: dict[str, list[str]], folder: Path, means: dict[str, np.ndarray]) -> None:
    """Read the files as assistant-axis does: row `layer` of a tensor of all layers' outputs."""
    assert written == {"demo": sorted(means)}
    layer = 3  # of the toy; its SAE reads blocks.3.hook_resid_post
    read = {
        file.stem: torch.load(file, weights_only=True) for file in sorted(folder.glob("vectors/*/*/*.pt"))
    }
    assert {role: (one["role"], one["type"]) for role, one in read.items()} == {
        "default": ("default", "mean"),
        "ghost": ("ghost", "all"),
        "pirate": ("pirate", "all"),
    }
    for role, mean in means.items():
        vector = read[role]["vector"]
        assert vector.dtype == torch.float32 and vector[:layer].isnan().all()
        np.testing.assert_allclose(vector[layer], mean, rtol=1e-5, atol=1e-6)
    (file,) = folder.glob("axis/*/*/assistant_axis.pt")
    axis = torch.load(file, weights_only=True)
    roles = torch.stack([read["ghost"]["vector"], read["pirate"]["vector"]]).mean(dim=0)
    torch.testing.assert_close(axis["axis"], read["default"]["vector"] - roles, equal_nan=True)
    torch.testing.assert_close(axis["default_mean"] - axis["role_mean"], axis["axis"], equal_nan=True)
    assert (axis["n_default"], axis["n_roles"]) == (1, 2)


def test_an_anchor_that_is_not_compared_gives_components_and_the_reason(make_study: StudyMaker) -> None:
    study = make_study(changes={"extraction.vectors": "response", "analysis.exclude": ["default"]})
    run_study(study, None, ["responses", "activations", "role_features", "vectors", "warehouse"], False)
    with connect(study) as warehouse:
        told = warehouse.execute(
            "select axis, direction is null, carried is null, reason from vector_axes"
        ).fetchall()
        assert told == [
            ("assistant", True, True, "the anchor 'default' is not among the roles compared"),
            ("pc1", False, False, None),
        ]
        assert warehouse.execute("select count(*) from roles_on_both_axes()").fetchone() == (2,)
