"""How an answer's log-probability moves with a stream that SAEs read, to first order and in truth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

import torch
from torch import nn

from persona_assets.extract.backbone import Backbone
from persona_assets.extract.conversation import Conversation
from persona_assets.extract.losses import last_logits
from persona_assets.models.hooks import HookPoint
from persona_assets.models.places import Change, Place, changed


@dataclass(frozen=True)
class Traced:
    """The stream at a point on the answers' tokens, and how their log-probability moves with it.

    Both `float[n_selected in all, width]`, one answer after another. `gradients` are of the answer's summed
    log-probability (nats): a token's moves what comes after it in the answer.
    """

    rows: torch.Tensor
    gradients: torch.Tensor


def traced(
    backbone: Backbone, places: Mapping[HookPoint, Place], answers: Sequence[Conversation]
) -> dict[HookPoint, Traced]:
    """Return each point's stream and gradients over the selected tokens, of one pass there and one back.

    `backbone` is whole, and its conversations are padded on the right as `selected_rows` has it.
    """
    ids, rows = backbone.padded(answers)
    streams: dict[HookPoint, torch.Tensor] = {}
    leaves: dict[HookPoint, torch.Tensor] = {}

    def keeping(point: HookPoint) -> Change:
        def change(stream: torch.Tensor) -> torch.Tensor:
            streams[point] = stream.detach()
            leaves[point] = torch.zeros_like(stream, requires_grad=True)
            return stream + leaves[point]

        return change

    with ExitStack() as hooks, torch.enable_grad():
        for point, place in places.items():
            hooks.enter_context(changed(place, keeping(point)))
        total = log_probabilities(backbone, ids, answers).sum()
    gradients = torch.autograd.grad(total, [leaves[point] for point in places])
    return {
        point: Traced(streams[point].flatten(0, 1)[rows].float(), found.flatten(0, 1)[rows].float())
        for point, found in zip(places, gradients, strict=True)
    }


def log_probabilities(backbone: Backbone, ids: torch.Tensor, answers: Sequence[Conversation]) -> torch.Tensor:
    """Return the summed log-probability of each answer's selected tokens, float64[n_answers], in nats."""
    first = min(one.start for one in answers)
    logits = last_logits(backbone.causal, ids, ids.shape[1] - first + 1)[:, :-1]
    logits = logits.to(torch.promote_types(logits.dtype, torch.float32))
    told = ids[:, first:]
    losses = nn.functional.cross_entropy(logits.flatten(0, 1), told.flatten(), reduction="none")
    at = torch.arange(first, ids.shape[1], device=ids.device)
    inside = torch.stack([(at >= one.start) & (at < one.stop) for one in answers])
    return -(losses.view(told.shape).double() * inside).sum(dim=1)


@torch.inference_mode()
def log_probabilities_with(
    backbone: Backbone, place: Place, answer: Conversation, added: torch.Tensor
) -> torch.Tensor:
    """Return the answer's log-probability where `added` float32[n, n_selected, width] is added, float64[n].

    It is added to the stream at `place`, on the selected tokens.
    """
    ids, _ = backbone.padded([answer] * len(added))

    def change(stream: torch.Tensor) -> torch.Tensor:
        moved = stream.clone()
        moved[:, answer.start : answer.stop] += added.to(stream.dtype)
        return moved

    with changed(place, change):
        return log_probabilities(backbone, ids, [answer] * len(added))
