"""Gradients and contributions against finite differences, on the toy in float64."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from persona_assets.attribution.ablation import lost_without
from persona_assets.attribution.answers import Answer
from persona_assets.attribution.attributed import attributed
from persona_assets.attribution.contributions import along, contributions
from persona_assets.attribution.gradients import traced
from persona_assets.attribution.model import AttributionModel
from persona_assets.models.hooks import HookPoint
from persona_assets.study.template import AS_THE_MODEL_HAS_IT
from tests.attribution.brute import LAYER, log_probability, moved, stream, whole
from tests.places import TOY

POINT = HookPoint(LAYER, "hook_resid_post")
STEP = 1e-2  # the norms of the toy are taken in float32


def test_a_gradient_along_a_direction_is_what_a_little_of_it_on_one_token_does(
    model: AttributionModel, answers: list[Answer]
) -> None:
    own, reference = [one.own for one in answers], whole(str(TOY / "model"))
    part = model.parts["demo"]
    here = traced(model.backbone, {POINT: model.parts["demo"].place}, own)[POINT]
    at = 0
    for one in own[:3]:
        rows = slice(at, at + one.n_selected)
        at += one.n_selected
        torch.testing.assert_close(here.rows[rows].double(), stream(reference, one), rtol=1e-5, atol=1e-5)
        codes = part.reader.encode(here.rows[rows])
        told = along(codes, here.gradients[rows], part.directions)
        for entry in range(0, len(codes.row), max(1, len(codes.row) // 12)):
            token, feature = int(codes.row[entry]), int(codes.feature[entry])
            by = STEP * part.directions[feature].double()
            less, more = (log_probability(reference, one, moved(one, token, sign * by)) for sign in (-1, 1))
            assert float(told[entry]) == pytest.approx((more - less) / (2 * STEP), rel=5e-3, abs=3e-4)


def test_the_last_token_of_an_answer_moves_nothing_and_the_first_does(
    model: AttributionModel, answers: list[Answer]
) -> None:
    one = answers[0].own
    here = traced(model.backbone, {POINT: model.parts["demo"].place}, [one])[POINT]
    assert not here.gradients[-1].any() and here.gradients[0].any()


def test_contributions_are_sums_over_tokens_of_activations_times_gradients(
    model: AttributionModel, answers: list[Answer]
) -> None:
    part, own = model.parts["demo"], [one.own for one in answers]
    lengths = [one.n_selected for one in own]
    here = traced(model.backbone, {POINT: model.parts["demo"].place}, own)[POINT]
    beside = model.backbone.selected_rows([one.beside for one in answers], [POINT])[POINT].float()
    found, codes = contributions(part.reader, part.directions, here, beside, lengths)
    slopes = here.gradients.double() @ part.directions.double().T
    for name, rows in (("own", here.rows), ("beside", beside)):
        effects = (part.reader.sae.encode(rows).double() * slopes).split(lengths)
        dense = np.stack([one.sum(dim=0).numpy() for one in effects])
        np.testing.assert_allclose(getattr(found, name).toarray(), dense, rtol=1e-4, atol=1e-6)
    assert sum(len(one.row) for one in codes) == len(part.reader.encode(here.rows).row)
    assert [int(one.row.max()) < n for one, n in zip(codes, lengths, strict=True)] == [True] * len(own)


def test_what_is_lost_without_a_feature_is_what_the_whole_model_loses(
    model: AttributionModel, answers: list[Answer]
) -> None:
    one, reference, part = answers[1].own, whole(str(TOY / "model")), model.parts["demo"]
    rows = stream(reference, one)
    codes = part.reader.encode(rows.float())
    features = sorted(set(codes.feature.tolist()))[::9]
    lost = lost_without(model.backbone, part.place, one, codes, part.directions, features, at_once=4)
    dense = part.reader.sae.encode(rows.float()).double()
    as_it_is = log_probability(reference, one, lambda stream: stream)

    def without(stream: torch.Tensor, feature: int) -> torch.Tensor:
        less = stream.clone()
        less[one.start : one.stop] -= dense[:, feature, None] * part.directions[feature].double()
        return less

    for feature, told in zip(features, lost, strict=True):
        left = log_probability(reference, one, lambda stream, feature=feature: without(stream, feature))
        assert told == pytest.approx(as_it_is - left, rel=1e-4, abs=1e-6)
    assert max(abs(lost)) > 0.01


def test_where_both_prompts_are_one_nothing_is_attributed_and_features_are_told_all_the_same(
    model: AttributionModel, answers: list[Answer]
) -> None:
    single = AttributionModel(model.settings.model_copy(update={"dtype": "float32"}), AS_THE_MODEL_HAS_IT)
    own = answers[0].own
    long = np.concatenate([np.tile(own.token_ids[: own.start], 9), own.selected])
    beside = replace(own, token_ids=long, start=9 * own.start, stop=len(long))
    alike = [
        Answer(own, beside),
        Answer(answers[1].own, answers[1].own),
        Answer(answers[2].own, answers[2].own),
    ]
    found = attributed(single, ["demo"], alike, n_trials=6)["demo"]
    rows = {one: row for row, one in enumerate(found.response_ids)}
    difference = (found.own - found.beside).toarray()
    for one in alike[1:]:
        assert not difference[rows[one.own.response_id]].any()
        assert found.own[rows[one.own.response_id]].nnz > 10
    assert difference[rows[alike[0].own.response_id]].any()
    assert [one.response_id for one in found.trials].count(alike[0].own.response_id) == 2
    for trial in found.trials:
        assert trial.estimate == found.own[rows[trial.response_id], trial.feature]
