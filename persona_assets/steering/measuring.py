"""Answers that were given under an edit, as the model reads them without one."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from persona_assets.extract.backbone import Backbone
from persona_assets.extract.batches import batches
from persona_assets.extract.conversation import Conversation
from persona_assets.extract.losses import last_logits
from persona_assets.models.hooks import HookPoint, captured
from persona_assets.steering.answers import Towards

RUN = 3  # tokens of a run that may be had before
_LOGITS = 2**26  # that are held at once

# The effects of `INTERVENTION_EFFECTS` on answers, the columns of `STEERED_RESPONSES` that they are of, and
# that they have two directions.
COLUMNS = {
    "answer_readout": "readout",
    "answer_loss": "loss",
    "answer_repetition": "repetition",
    "answer_score": "score",
}
ANSWER_METRICS = dict.fromkeys(COLUMNS, True)

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Measured:
    """Where an answer lies towards a role, and its tokens' mean loss in nats; None of one without tokens."""

    readout: float | None = None
    loss: float | None = None


def repetition(ids: Sequence[int]) -> float | None:
    """Return the share of an answer's runs of `RUN` tokens that it has had before; None where it has none."""
    runs = list(zip(*(ids[first:] for first in range(RUN)), strict=False))
    return 1 - len(set(runs)) / len(runs) if runs else None


@torch.inference_mode()
def measured(backbone: Backbone, answers: Sequence[Conversation], towards: Towards) -> list[Measured]:
    """Return how each answer stands; a whole model reads them as they are."""
    found = [Measured()] * len(answers)
    last = HookPoint(len(backbone.layers) - 1, "hook_resid_post")
    numbered = [
        Conversation(place, one.token_ids, one.start, one.stop)
        for place, one in enumerate(answers)
        if one.n_selected
    ]
    for batch in batches(numbered, max(1, _LOGITS // backbone.model.config.vocab_size)):
        ids, _ = backbone.padded(batch)
        with captured(backbone.layers, backbone.architecture, [last]) as streams:
            first = min(one.start for one in batch)  # of no token before it are logits asked for
            logits = last_logits(backbone.causal, ids, ids.shape[1] - first + 1)
        for row, one in enumerate(batch):
            predicted = logits[row, one.start - first : one.stop - first].float()
            loss = torch.nn.functional.cross_entropy(predicted, ids[row, one.start : one.stop])
            top = streams[last][row, one.start : one.stop].float().mean(dim=0)
            found[one.response_id] = Measured(towards.of(top), float(loss))
    return found


def pairs(rows: Sequence[Row]) -> Iterator[dict[str, Any]]:
    """Yield for each answer of `STEERED_RESPONSES` under an edit what it has more than the one at strength 0.

    By the names of `COLUMNS`; NaN where either is without.
    """
    key = ("intervention", "role", "response_id")
    plain = {tuple(row[name] for name in key): row for row in rows if row["control"] == "nothing"}
    for row in rows:
        if row["control"] != "nothing":
            beside = plain[tuple(row[name] for name in key)]
            more = {name: _less(row[column], beside[column]) for name, column in COLUMNS.items()}
            yield {**row, **more}


def _less(one: float | None, other: float | None) -> float:
    return math.nan if one is None or other is None else one - other
