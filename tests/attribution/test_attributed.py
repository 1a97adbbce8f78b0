"""A planted feature is found, and neither batches nor left-out tokens change what is told of the others."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from persona_assets.attribution.answers import Answer, read_answers, some_questions
from persona_assets.attribution.attributed import Attributed, attributed
from persona_assets.attribution.contributions import contributions
from persona_assets.attribution.gradients import Traced, traced
from persona_assets.attribution.model import AttributionModel, Part
from persona_assets.extract.encode import encoder
from persona_assets.models.hooks import HookPoint
from persona_assets.models.sae import Sae
from tests.attribution.brute import LAYER
from tests.extract.tiny import questions_as_answers

POINT = HookPoint(LAYER, "hook_resid_post")
PLANTED = 3


class Planted(Sae):
    """Reads and writes along directions of its own: `reads`, `wrote` float32[d_sae, d_in]."""

    def __init__(self, reads: torch.Tensor, wrote: torch.Tensor) -> None:
        self.reads, self.wrote = reads, wrote
        self.d_sae, self.d_in = reads.shape
        self.point = POINT

    def encode(self, rows: torch.Tensor) -> torch.Tensor:
        return (rows @ self.reads.T).relu()

    def decode(self, codes: torch.Tensor) -> torch.Tensor:
        return codes @ self.wrote


def both(model: AttributionModel, answers: list[Answer]) -> tuple[Traced, torch.Tensor]:
    here = traced(model.backbone, {POINT: model.parts["demo"].place}, [one.own for one in answers])[POINT]
    beside = model.backbone.selected_rows([one.beside for one in answers], [POINT])[POINT].float()
    return here, beside.clone()


def test_a_feature_that_the_prompt_raises_and_the_answer_depends_on_comes_first(
    model: AttributionModel, answers: list[Answer]
) -> None:
    here, beside = both(model, answers)
    random = torch.Generator().manual_seed(0)
    reads, wrote = (torch.randn(16, here.rows.shape[1], generator=random) for _ in range(2))
    reads[PLANTED] = 3 * (here.rows - beside).mean(dim=0) / (here.rows - beside).mean(dim=0).norm() ** 2
    wrote[PLANTED] = here.gradients.mean(dim=0)
    reads, wrote = (of / of.norm(dim=1, keepdim=True) for of in (reads, wrote))
    sae = Planted(reads, wrote)
    old = model.parts["demo"]
    reader = replace(old.reader, name="planted", sae=sae, encode=encoder(sae, "planted"))
    model.parts["planted"] = Part(reader, old.place, wrote)
    try:
        found = attributed(model, ["planted"], answers, n_trials=48)["planted"]
    finally:
        del model.parts["planted"]
    told = np.asarray((found.own - found.beside).mean(axis=0))[0]
    assert told.argmax() == PLANTED and told[PLANTED] > 2 * np.sort(np.abs(told))[-2]
    assert {trial.feature for trial in found.trials} >= {PLANTED}


def test_what_is_told_of_an_answer_does_not_depend_on_which_are_read_with_it(
    model: AttributionModel, answers: list[Answer], monkeypatch: pytest.MonkeyPatch
) -> None:
    def told(at_once: int) -> dict[int, np.ndarray]:
        monkeypatch.setattr(model, "at_once", at_once)
        found: Attributed = attributed(model, ["demo"], answers, n_trials=1)["demo"]
        return dict(zip(found.response_ids, (found.own - found.beside).toarray(), strict=True))

    alone, together = told(1), told(100_000)
    assert alone.keys() == together.keys() == {one.own.response_id for one in answers}
    for one, values in alone.items():
        np.testing.assert_allclose(values, together[one], rtol=1e-3, atol=1e-5)


def test_a_token_that_pooling_leaves_out_after_either_prompt_counts_for_nothing(
    model: AttributionModel, answers: list[Answer]
) -> None:
    part, lengths = model.parts["demo"], [one.own.n_selected for one in answers]
    here, beside = both(model, answers)
    rows = here.rows.clone()
    rows[2] *= 100
    beside[5] *= 100
    here = replace(here, rows=rows)
    masking = replace(part.reader, masks=True)
    found, [codes, *_] = contributions(masking, part.directions, here, beside, lengths)
    assert not {2, 5} & set(codes.row.tolist()) and {1, 3, 4} <= set(codes.row.tolist())
    slopes = here.gradients.double() @ part.directions.double().T
    kept = torch.tensor([row not in (2, 5) for row in range(len(rows))])[:, None]
    for told, stream in ((found.own, rows), (found.beside, beside)):
        effects = part.reader.sae.encode(stream).double() * slopes * kept
        dense = np.stack([one.sum(dim=0).numpy() for one in effects.split(lengths)])
        np.testing.assert_allclose(told.toarray(), dense, rtol=1e-4, atol=1e-6)


def test_answers_that_cannot_be_read_after_both_prompts_are_left_out(model: AttributionModel) -> None:
    responses = questions_as_answers(model.chat.tokenizer, 7)
    ids = responses["response_id"].to_pylist()
    rows = responses.to_pylist()
    rows[2]["response_token_ids"] = []
    responses = type(responses).from_pylist(rows, schema=responses.schema)
    assert model.context is not None
    rows[1]["prompt_token_ids"] = [5] * model.context  # with the answer more than the model reads
    beside = type(responses).from_pylist(rows[:5], schema=responses.schema)
    told = read_answers(responses, beside, ids, model.chat, model.settings, model.context)
    assert [one.own.response_id for one in told] == [ids[0], ids[3], ids[4]]
    assert all(one.is_the_same for one in told)
    chosen = some_questions(responses, beside, 3)
    assert len(chosen) == 3 and set(chosen) <= set(ids[:5])
    assert some_questions(responses, beside, 99) == sorted(ids[:5])
