"""The keys and values of a batch that is being generated: in a buffer of their final size, and what several
prompts begin with read once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch.nn.functional import scaled_dot_product_attention
from transformers import AttentionInterface, AttentionMaskInterface, PreTrainedModel
from transformers.cache_utils import DynamicCache, DynamicLayer
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import sdpa_mask

_ATTENTION = "persona_assets_grouped"


class RoomyLayer(DynamicLayer):
    """A layer's keys and values, `[batch, heads, n_tokens, d_head]`, that grow within a buffer.

    transformers' own layer is copied whole for every token that is added.
    """

    def __init__(self, room: int) -> None:
        super().__init__()
        self._room = room  # tokens
        self._length = 0

    def lazy_initialization(self, key_states: torch.Tensor, value_states: torch.Tensor) -> None:
        """Make the buffers as large as they will be needed."""
        super().lazy_initialization(key_states, value_states)
        self._buffers = tuple(
            states.new_empty(*states.shape[:2], self._room, states.shape[3])
            for states in (key_states, value_states)
        )

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, *args: Any, **kwargs: Any
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Add tokens, and return all keys and values so far."""
        if not self.is_initialized:
            self.lazy_initialization(key_states, value_states)
        end = self._length + key_states.shape[-2]
        for buffer, states in zip(self._buffers, (key_states, value_states), strict=True):
            buffer[:, :, self._length : end] = states
        self._length = end
        self.keys, self.values = (buffer[:, :, :end] for buffer in self._buffers)
        return self.keys, self.values

    def get_seq_length(self) -> int:
        """Return how many tokens are there."""
        return self._length

    def batch_select_indices(self, indices: torch.Tensor) -> None:
        """Keep these rows, each as often as it is named."""
        keys, values = self.keys[indices], self.values[indices]
        self.lazy_initialization(keys, values)
        self._length = 0
        self.update(keys, values)


def roomy_cache(model: PreTrainedModel, room: int) -> DynamicCache:
    """Return an empty cache for `room` tokens.

    Layers of another kind than full attention are transformers' own.
    """
    cache = DynamicCache(config=model.config)
    cache.layers = [RoomyLayer(room) if type(layer) is DynamicLayer else layer for layer in cache.layers]
    return cache


def keeps_all_tokens(model: PreTrainedModel) -> bool:
    """Return whether every layer of the model attends to all tokens, so that beginnings can be shared."""
    layers = DynamicCache(config=model.config).layers
    return bool(layers) and all(type(layer) is DynamicLayer for layer in layers)


def shared_beginnings(prompts: Sequence[Sequence[int]], groups: Sequence[Any]) -> list[int]:
    """Return for each prompt how many of its first tokens all prompts of its group begin with.

    At least one token of every prompt is left, for its last is what the answer begins from.
    """
    lengths: dict[Any, int] = {}
    first: dict[Any, Sequence[int]] = {}
    for prompt, group in zip(prompts, groups, strict=True):
        known = first.setdefault(group, prompt)
        most = min(lengths.get(group, len(known)), len(prompt) - 1, len(known) - 1)
        differs = (place for place in range(most) if prompt[place] != known[place])
        lengths[group] = next(differs, most)
    return [lengths[group] for group in groups]


def attend_by_groups(model: PreTrainedModel) -> None:
    """Have the model's attention read the keys that several heads share without copying them for each.

    Only where it attends by SDPA, as transformers chooses where a model allows it.
    """
    if model.config._attn_implementation == "sdpa":
        model.set_attn_implementation(_ATTENTION)


def _grouped(
    module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    **options: Any,
) -> tuple[torch.Tensor, None]:
    """SDPA, in which a step of one token takes the heads of a group for queries of its key's one head."""
    batch, heads, length, width = query.shape
    of_group = heads // key.shape[1]
    if length > 1 or of_group == 1 or attention_mask is None or options.get("position_bias") is not None:
        return sdpa_attention_forward(module, query, key, value, attention_mask, **options)
    grouped = query.view(batch, key.shape[1], of_group, width)
    attended = scaled_dot_product_attention(
        grouped, key, value, attn_mask=attention_mask, scale=options.get("scaling")
    )
    return attended.reshape(batch, 1, heads, value.shape[3]), None


AttentionInterface.register(_ATTENTION, _grouped)
AttentionMaskInterface.register(_ATTENTION, sdpa_mask)
