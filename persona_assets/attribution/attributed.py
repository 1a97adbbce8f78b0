"""A role's answers read: what every feature contributes to each, and some features taken out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from scipy import sparse

from persona_assets.attribution.ablation import Trial, drawn_features, lost_without, shares
from persona_assets.attribution.answers import Answer
from persona_assets.attribution.contributions import Contributions, contributions
from persona_assets.attribution.gradients import Traced, traced
from persona_assets.attribution.model import AttributionModel, Part
from persona_assets.base.progress import Progress
from persona_assets.extract.batches import batches
from persona_assets.extract.finite import check_rows
from persona_assets.extract.pool import Codes
from persona_assets.models.hooks import HookPoint


@dataclass
class Attributed:
    """What one SAE's features do to some answers: contributions to each, and the trials."""

    response_ids: list[int] = field(default_factory=list)
    trials: list[Trial] = field(default_factory=list)
    parts: list[Contributions] = field(default_factory=list)

    @property
    def own(self) -> sparse.csr_matrix:
        """Contributions after the role's prompt, float64[n_answers, d_sae]."""
        return sparse.vstack([one.own for one in self.parts]).tocsr()

    @property
    def beside(self) -> sparse.csr_matrix:
        """Contributions of the activations after the anchor's prompt, float64[n_answers, d_sae]."""
        return sparse.vstack([one.beside for one in self.parts]).tocsr()


def attributed(
    model: AttributionModel,
    saes: Sequence[str],
    answers: Sequence[Answer],
    n_trials: int,
    progress: Progress | None = None,
) -> dict[str, Attributed]:
    """Return what the features of each of `saes` do to `answers`; `progress` hears how many are done.

    `n_trials` pairs of a feature and an answer are tried, as many in each answer as in any other. Raises
    StudyError where the model's numbers are not finite, or an SAE's features have no directions.
    """
    found = {sae: Attributed() for sae in saes}
    by_id = {one.own.response_id: one for one in answers}
    trials, n_done = shares(list(by_id), n_trials), 0
    for batch in batches([one.own for one in answers], model.at_once):
        ids = [one.response_id for one in batch]
        of_points, others = _read(model, saes, [by_id[one] for one in ids])
        for sae, of in found.items():
            part = model.parts[sae]
            here, beside = of_points[part.reader.point], others[part.reader.point]
            if not of.parts:
                part.check(here.rows)
            lengths = [one.n_selected for one in batch]
            contributed, codes = contributions(part.reader, part.directions, here, beside, lengths)
            of.response_ids += ids
            of.parts.append(contributed)
            for row, one in enumerate(ids):
                of.trials += _tried(model, part, by_id[one], codes[row], contributed.own[row], trials[one])
        n_done += len(batch)
        if progress is not None:
            progress(n_done, len(answers))
    return found


def _read(
    model: AttributionModel, saes: Sequence[str], answers: Sequence[Answer]
) -> tuple[dict[HookPoint, Traced], dict[HookPoint, torch.Tensor]]:
    """Return the streams after the role's prompts with their gradients, and those after the anchor's.

    Where both prompts are one, so are the streams, bit by bit.
    """
    own, beside = [one.own for one in answers], [one.beside for one in answers]
    places = {model.parts[sae].reader.point: model.parts[sae].place for sae in saes}
    found = traced(model.backbone, places, own)
    others = model.backbone.selected_rows(beside, list(places))
    of = [(one.response_id, one.n_selected) for one in own]
    same = torch.from_numpy(np.repeat([one.is_the_same for one in answers], [n for _, n in of]))
    for point, here in found.items():
        check_rows(here.rows, of, point)
        check_rows(here.gradients, of, point)
        check_rows(others[point], of, point)
        others[point] = torch.where(same.to(here.rows.device)[:, None], here.rows, others[point].float())
    return found, others


def _tried(
    model: AttributionModel, part: Part, answer: Answer, codes: Codes, estimates: sparse.csr_matrix, n: int
) -> list[Trial]:
    """Return `n` trials of features that are active in the answer, or as many as there are."""
    features = drawn_features(np.sort(estimates.indices), n, answer.own.response_id)
    if not features:
        return []
    at_once = max(2, model.at_once // len(answer.own.token_ids))
    lost = lost_without(model.backbone, part.place, answer.own, codes, part.directions, features, at_once)
    return [
        Trial(answer.own.response_id, feature, exact, float(estimates[0, feature]))
        for feature, exact in zip(features, lost.tolist(), strict=True)
    ]
