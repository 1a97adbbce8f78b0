"""Conversations as token ids with a mask of the response tokens, and batches of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

import torch
from transformers import PreTrainedTokenizerFast

from tests.toy.speaker import Conversation


@dataclass(frozen=True)
class Document:
    """A rendered conversation: `ids`, and for each whether the model says it (its stop token included)."""

    ids: list[int]
    said: list[bool]


def encode(conversation: Conversation, tokenizer: PreTrainedTokenizerFast) -> Document:
    """Encode turn by turn: prompts by the chat template, responses on their own, as generation does."""
    ids: list[int] = []
    said: list[bool] = []
    messages = conversation.messages()
    rendered = tokenizer.apply_chat_template(messages, tokenize=False)
    for index, part in enumerate(rendered.split("<start_of_turn>model\n")):
        response, stop, rest = part.partition("<end_of_turn>") if index else ("", "", part)
        for text, is_said in ((response + stop, True), (rest, False)):
            piece = tokenizer.encode(text, add_special_tokens=False)
            ids += piece
            said += [is_said] * len(piece)
        if index < len(conversation.models):
            opener = tokenizer.encode("<start_of_turn>model\n", add_special_tokens=False)
            ids += opener
            said += [False] * len(opener)
    return Document(ids, said)


def batches(documents: list[Document], tokens: int, rng: Random) -> Iterator[list[Document]]:
    """Epoch after epoch: batches of similar length in random order, each at most `tokens` with padding."""
    while True:
        epoch = _by_length(documents, tokens, rng)
        rng.shuffle(epoch)
        yield from epoch


def _by_length(documents: list[Document], tokens: int, rng: Random) -> list[list[Document]]:
    ordered = sorted(documents, key=lambda document: (len(document.ids), rng.random()))
    epoch: list[list[Document]] = [[]]
    for document in ordered:
        if epoch[-1] and (len(epoch[-1]) + 1) * len(document.ids) > tokens:
            epoch.append([])
        epoch[-1].append(document)
    return epoch


def padded(batch: list[Document], pad: int) -> tuple[torch.Tensor, torch.Tensor]:
    """int64[n, longest] ids, padded on the right, and bool[n, longest]: said by the model."""
    longest = max(len(document.ids) for document in batch)
    ids = torch.full((len(batch), longest), pad)
    said = torch.zeros((len(batch), longest), dtype=torch.bool)
    for row, document in enumerate(batch):
        ids[row, : len(document.ids)] = torch.tensor(document.ids)
        said[row, : len(document.said)] = torch.tensor(document.said)
    return ids, said
