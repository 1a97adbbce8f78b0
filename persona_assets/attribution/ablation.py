"""The estimate tried: what an answer's log-probability loses where one feature is taken out of its tokens."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from persona_assets.attribution.gradients import log_probabilities_with
from persona_assets.base.arrays import Floats, Ints
from persona_assets.extract.backbone import Backbone
from persona_assets.extract.conversation import Conversation
from persona_assets.extract.pool import Codes
from persona_assets.models.places import Place


@dataclass(frozen=True)
class Trial:
    """A feature taken out of one answer: the log-probability that this costs (nats), and the estimate."""

    response_id: int
    feature: int
    exact: float
    estimate: float


def shares(response_ids: Sequence[int], n: int) -> dict[int, int]:
    """Return how many of `n` trials each answer has: as many each, and one more for some, drawn by lot."""
    drawn = random.Random(0).sample(sorted(response_ids), len(response_ids))
    return {one: n // len(drawn) + (place < n % len(drawn)) for place, one in enumerate(drawn)}


def drawn_features(active: Ints, n: int, response_id: int) -> list[int]:
    """Return at most `n` of the features `active` in an answer, drawn by lot."""
    return sorted(random.Random(response_id).sample(active.tolist(), min(n, len(active))))


def lost_without(
    backbone: Backbone,
    place: Place,
    answer: Conversation,
    codes: Codes,
    directions: torch.Tensor,
    features: Sequence[int],
    at_once: int,
) -> Floats:
    """Return the log-probability that the answer loses without each of `features`, float64[n].

    `codes` are those of the answer's tokens, from row 0. What the SAE does not reconstruct stays: of the
    stream only activation x direction is taken. `at_once` answers are read together, of which one is as it
    is.
    """
    lost = []
    for start in range(0, len(features), max(1, at_once - 1)):
        part = features[start : start + max(1, at_once - 1)]
        added = torch.zeros(len(part) + 1, answer.n_selected, directions.shape[1], device=directions.device)
        for number, feature in enumerate(part, start=1):
            of = codes.feature == feature
            added[number, codes.row[of]] = -codes.value[of, None] * directions[feature]
        found = log_probabilities_with(backbone, place, answer, added)
        lost.append((found[0] - found[1:]).cpu().numpy())
    return np.concatenate(lost)
