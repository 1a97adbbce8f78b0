"""The straightforward way, to compare with: a conversation at a time, the whole model, dense arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from transformers import AutoModelForCausalLM

from persona_assets.extract.conversation import Conversation
from tests.extract.supports import STREAM, Bounds


def whole_model(path: str) -> Any:
    """The whole model with its head, float32; eager, for only that applies Gemma 2's soft cap."""
    return AutoModelForCausalLM.from_pretrained(path, dtype=torch.float32, attn_implementation="eager").eval()


@torch.inference_mode()
def residuals(model: Any, layer: int, conversation: Conversation) -> torch.Tensor:
    """What layer `layer` gives out for the selected tokens, float32[n_selected, d_model]."""
    kept: list[torch.Tensor] = []
    hook = model.model.layers[layer].register_forward_hook(lambda _m, _a, output: kept.append(output))
    try:
        model(input_ids=torch.tensor([conversation.token_ids.tolist()]))
    finally:
        hook.remove()
    return kept[0][0, conversation.start : conversation.stop]


def bounds(
    model: Any, sae: Any, layer: int, conversations: Sequence[Conversation], error: float = STREAM
) -> list[Bounds]:
    """The bounds of each conversation's dense codes on its selected tokens."""
    return [Bounds.of(sae, residuals(model, layer, one).clone(), error) for one in conversations]
