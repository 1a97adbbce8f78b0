"""Residual-stream activations of the demo model, as its SAE sees them."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from transformers import Gemma3ForCausalLM

from tests.toy.encoding import Document, padded

BATCH_TOKENS = 8192


@dataclass(frozen=True)
class Residuals:
    """`values` float32[n_tokens, d_in]; `said` bool[n_tokens]; `document` int64[n_tokens], an index.

    Without the ``<bos>`` of each document, whose residual is an outlier in every language model.
    """

    values: torch.Tensor
    said: torch.Tensor
    document: torch.Tensor


@torch.inference_mode()
def residuals(model: Gemma3ForCausalLM, documents: list[Document], layer: int) -> Residuals:
    """The output of ``layers[layer]`` (``blocks.<layer>.hook_resid_post``) on every token but ``<bos>``.

    By a hook: `hidden_states` is normed for the last layer.
    """
    caught: list[torch.Tensor] = []
    hook = model.model.layers[layer].register_forward_hook(
        lambda _, __, output: caught.append(_tensor(output))
    )
    parts: list[tuple[torch.Tensor, torch.Tensor, torch.Tensor]] = []
    try:
        for chosen in _batched(documents):
            ids, said = padded([documents[index] for index in chosen], int(model.config.pad_token_id or 0))
            caught.clear()
            model.model(input_ids=ids, use_cache=False)
            keep = _real_tokens([documents[index] for index in chosen], ids.shape[1])
            rows = torch.tensor(chosen).unsqueeze(1).expand_as(ids)
            parts.append((caught[0].float()[keep], said[keep], rows[keep]))
    finally:
        hook.remove()
    values, said, rows = (torch.cat(column) for column in zip(*parts, strict=True))
    return Residuals(values, said, rows)


def _tensor(output: torch.Tensor | tuple[torch.Tensor, ...]) -> torch.Tensor:
    return output if isinstance(output, torch.Tensor) else output[0]


def _real_tokens(documents: list[Document], length: int) -> torch.Tensor:
    lengths = torch.tensor([len(document.ids) for document in documents]).unsqueeze(1)
    position = torch.arange(length).unsqueeze(0)
    return (position >= 1) & (position < lengths)  # padding stands on the right, <bos> at 0


def _batched(documents: list[Document]) -> list[list[int]]:
    batches: list[list[int]] = [[]]
    for index in sorted(range(len(documents)), key=lambda index: len(documents[index].ids)):
        if batches[-1] and (len(batches[-1]) + 1) * len(documents[index].ids) > BATCH_TOKENS:
            batches.append([])
        batches[-1].append(index)
    return batches
