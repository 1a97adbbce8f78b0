from __future__ import annotations

from typing import Literal

import numpy as np
import pytest
from scipy.sparse import csr_array

from persona_assets.drift.codes import SpanCodes, pool_ranges
from persona_assets.drift.crossfit import CrossFit
from persona_assets.drift.reference import Reference, build_reference
from persona_assets.drift.scores import scores
from persona_assets.lake.schema.table import VARIANT_STRIDE
from persona_assets.study.settings import DriftSettings
from tests.drift.made import random_codes

QUESTIONS = np.array([0, 7, 7, 30])
CODES = SpanCodes(
    spans=QUESTIONS + VARIANT_STRIDE * np.arange(4),
    **{name: getattr(random_codes([5, 9, 4, 6]), name) for name in ("bounds", "token_ids", "values")},
)
OTHERS = {name: csr_array(np.random.default_rng(at).gamma(1, size=(1, 12))) for at, name in enumerate("bcd")}


def reference(anchor: csr_array, settings: DriftSettings) -> Reference:
    return build_reference({"a": anchor, **OTHERS}, "a", settings)


def whole(codes: SpanCodes, pooling: Literal["mean", "max"]) -> csr_array:
    return pool_ranges(codes.values, [[bounds] for bounds in codes.ranges], pooling)


@pytest.mark.parametrize(
    "settings",
    [
        DriftSettings(),
        DriftSettings(transform="raw", centering=False, l2_normalize=True),
        DriftSettings(pooling="max"),
    ],
)
def test_an_answer_is_scored_on_the_axis_of_the_anchor_without_its_question(settings: DriftSettings) -> None:
    pooled = whole(CODES, settings.pooling).toarray()
    summed = (
        (lambda rows: rows.max(axis=0)) if settings.pooling == "max" else (lambda rows: rows.mean(axis=0))
    )
    full = reference(csr_array(summed(pooled)[None]), settings)
    fit = CrossFit.of(CODES, full, settings.axis, settings.pooling)
    assert fit is not None
    points = full.space.points(csr_array(pooled))
    found = fit.scores(points, QUESTIONS)
    others = np.mean([full.target.roles.dense(row) for row in (1, 2, 3)], axis=0)
    for row, question in enumerate(QUESTIONS):
        anchor = full.space.points(csr_array(summed(pooled[question != QUESTIONS])[None])).dense(0)
        axis = (anchor - others) / np.linalg.norm(anchor - others)
        point = points.dense(row)
        assert found["projection"][row] == pytest.approx(point @ axis)
        assert found["cosine_axis"][row] == pytest.approx(point @ axis / np.linalg.norm(point))
        lengths = np.linalg.norm(point) * np.linalg.norm(anchor)
        assert found["cosine_anchor"][row] == pytest.approx(point @ anchor / lengths)
    plain = scores(points, full.target)["projection"]
    assert fit.optimism(points, found) == pytest.approx(np.mean(plain - found["projection"]))


def test_the_component_of_the_roles_stays_as_it_is() -> None:
    settings = DriftSettings(axis="pca")
    full = reference(csr_array(whole(CODES, "mean").mean(axis=0)[None]), settings)
    fit = CrossFit.of(CODES, full, "pca", "mean")
    assert fit is not None
    points = full.space.points(whole(CODES, "mean"))
    np.testing.assert_allclose(
        fit.scores(points, QUESTIONS)["projection"], scores(points, full.target)["projection"]
    )


def test_answers_to_one_question_cannot_be_left_out() -> None:
    full = reference(csr_array(whole(CODES, "mean").mean(axis=0)[None]), DriftSettings())
    one = SpanCodes(
        np.array([7, VARIANT_STRIDE + 7]), CODES.bounds[:3], CODES.token_ids[:14], CODES.values[:14]
    )
    assert CrossFit.of(one, full, "difference", "mean") is None


def test_new_answers_of_an_anchor_that_hardly_differs_lie_in_the_band_of_the_cross_fitted() -> None:
    """Simulated: 90 answers of a role like the others. Below 2.5% of the plain scores lie most new ones."""
    rng = np.random.default_rng(0)
    d_sae, n = 2000, 90
    settings = DriftSettings(transform="raw", centering=True)
    answers = rng.normal(1, 1, size=(n, d_sae))
    codes = SpanCodes(
        np.arange(n), np.arange(n + 1), np.arange(n, dtype=np.int32), csr_array(answers.astype(np.float32))
    )
    roles = {f"r{at}": csr_array(rng.normal(1, 1, size=(n, d_sae)).mean(axis=0)[None]) for at in range(10)}
    full = build_reference({"a": csr_array(answers.mean(axis=0)[None]), **roles}, "a", settings)
    fit = CrossFit.of(codes, full, "difference", "mean")
    assert fit is not None
    points = full.space.points(csr_array(answers))
    fresh = scores(full.space.points(csr_array(rng.normal(1, 1, size=(1000, d_sae)))), full.target)[
        "projection"
    ]
    honest = np.quantile(fit.scores(points, np.arange(n))["projection"], 0.025)
    circular = np.quantile(scores(points, full.target)["projection"], 0.025)
    assert np.mean(fresh < honest) <= 0.06
    assert np.mean(fresh < circular) > 0.5
    assert fit.optimism(points, fit.scores(points, np.arange(n))) > 2
