"""The straightforward way, to compare with: the toy whole, in float64, one answer at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from transformers import AutoModelForCausalLM

from persona_assets.extract.conversation import Conversation

LAYER = 3  # after which the toy's SAE reads
Change = Callable[[torch.Tensor], torch.Tensor]


def whole(path: str) -> Any:
    return AutoModelForCausalLM.from_pretrained(path, dtype=torch.float64).eval()


@torch.inference_mode()
def log_probability(model: Any, answer: Conversation, change: Change) -> float:
    """The summed log-probability of the answer's tokens, where `change` is made to the stream [n, width]."""
    ids = torch.tensor(answer.token_ids.tolist())
    hook = model.model.layers[LAYER].register_forward_hook(lambda _m, _a, out: change(out[0])[None])
    try:
        told = model(input_ids=ids[None]).logits[0].log_softmax(dim=1)
    finally:
        hook.remove()
    return sum(told[at - 1, ids[at]].item() for at in range(answer.start, answer.stop))


def stream(model: Any, answer: Conversation) -> torch.Tensor:
    """The stream on the answer's tokens, float64[n_selected, width]."""
    kept: list[torch.Tensor] = []
    log_probability(model, answer, lambda rows: kept.append(rows.clone()) or rows)  # type: ignore[func-returns-value]
    return kept[0][answer.start : answer.stop]


def moved(answer: Conversation, token: int, by: torch.Tensor) -> Change:
    """Add `by` to the stream on one of the answer's tokens."""

    def change(rows: torch.Tensor) -> torch.Tensor:
        rows = rows.clone()
        rows[answer.start + token] += by
        return rows

    return change
