"""Models of random weights, made on the device that they are for, and conversations for them."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from transformers import AutoModel

from persona_assets.extract.backbone import Backbone
from persona_assets.extract.conversation import Conversation
from persona_assets.models.architectures import architecture


def random_backbone(config: Any, device: torch.device, dtype: torch.dtype) -> Backbone:
    """A text model of random weights."""
    torch.manual_seed(0)
    soft_cap = getattr(config, "attn_logit_softcapping", None)  # only the eager attention applies it
    with device:
        model = AutoModel.from_config(
            config, dtype=dtype, **({"attn_implementation": "eager"} if soft_cap else {})
        )
    model = model.to(device).eval().requires_grad_(False)
    return Backbone(model, architecture(config.model_type), device, config.num_hidden_layers)


def roughened(backbone: Backbone) -> Backbone:
    """The model with larger weights, under which layers, norms' gains and biases all matter."""
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for weight in backbone.model.parameters():
            noise = torch.randn(weight.shape, generator=generator) * (0.3 if weight.ndim == 1 else 0.15)
            weight.add_(noise.to(weight))
    return backbone


def conversations(
    n: int, vocabulary: int, prompt: tuple[int, int], answer: tuple[int, int]
) -> list[Conversation]:
    """`n` conversations of random tokens, prompts and answers as long as these ranges say (ends included)."""
    rng = np.random.default_rng(0)
    made = []
    for response_id in range(n):
        n_prompt, n_answer = (int(rng.integers(low, high + 1)) for low, high in (prompt, answer))
        ids = rng.integers(3, vocabulary, size=n_prompt + n_answer).astype(np.int32)
        made.append(Conversation(response_id, ids, n_prompt, n_prompt + n_answer))
    return made
