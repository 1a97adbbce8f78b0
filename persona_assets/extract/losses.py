"""How well a model still predicts a text where it reads on from what an SAE makes of one of its streams."""

from __future__ import annotations

import inspect
from collections.abc import Hashable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import torch
from torch import nn
from transformers import DynamicCache

from persona_assets.base.arrays import Int32s
from persona_assets.extract.outliers import outliers
from persona_assets.models.places import Change, Place, changed


class Codec(Protocol):
    """What splicing needs of an SAE."""

    def encode(self, rows: torch.Tensor, /) -> torch.Tensor:
        """Return the codes of rows `float[n, width]`."""
        ...

    def decode(self, codes: torch.Tensor, /) -> torch.Tensor:
        """Return the rows that codes stand for."""
        ...


class Predicted(NamedTuple):
    """A text's token ids, of which those of `[start, stop)` are to be predicted."""

    ids: Int32s
    start: int
    stop: int


@dataclass(frozen=True)
class Losses:
    """Mean loss per token (nats) of the model as it is, with the SAE spliced in, and with the stream zero."""

    clean: float
    spliced: float
    zero: float

    @property
    def recovered(self) -> float | None:
        """1 where the SAE costs nothing, 0 where it is no better than a stream of zeros.

        None where the model does as well with zeros as without them.
        """
        if not self.zero > self.clean:
            return None
        return (self.zero - self.spliced) / (self.zero - self.clean)


def losses_through(
    model: Any, saes: Mapping[str, tuple[Place, Codec]], texts: Sequence[Predicted]
) -> dict[str, Losses]:
    """Return what each SAE costs a causal `model` at its place, over the tokens of all texts.

    Each text is read once as it is, once per place with zeros on all tokens, and once per SAE, which is
    spliced in on all tokens but the first and those that are outliers: it was not made for them. `texts` hold
    something to predict.
    """
    changes: dict[Hashable, tuple[Place, Change] | None] = {None: None}
    for name, (place, sae) in saes.items():
        changes[place] = (place, torch.zeros_like)
        changes[name] = (place, through(sae))
    means = _mean_losses(model, changes, texts)
    return {name: Losses(means[None], means[name], means[place]) for name, (place, _) in saes.items()}


def through(sae: Codec) -> Change:
    """Return what puts the SAE's reconstruction in the stream's place, on the tokens that it is made for."""

    def change(stream: torch.Tensor) -> torch.Tensor:
        rows = stream[0]
        kept = ~outliers(rows, torch.tensor([len(rows)], device=rows.device))
        kept[0] = False
        changed = stream.clone()
        changed[0, kept] = sae.decode(sae.encode(rows[kept].float())).to(stream.dtype)
        return changed

    return change


@torch.inference_mode()
def _mean_losses(
    model: Any, changes: Mapping[Hashable, tuple[Place, Change] | None], texts: Sequence[Predicted]
) -> dict[Hashable, float]:
    sums, n_tokens = dict.fromkeys(changes, 0.0), 0
    for ids, start, stop in texts:
        first = max(start, 1)
        n_tokens += stop - first
        for name, change in changes.items():
            with changed(*change) if change is not None else nullcontext():
                sums[name] += _loss(model, ids, first, stop)
    return {name: total / n_tokens for name, total in sums.items()}


def _loss(model: Any, token_ids: Int32s, first: int, stop: int) -> float:
    """Return the sum of the losses of the tokens `[first, stop)`."""
    ids = torch.from_numpy(token_ids).long().to(model.device)
    logits = last_logits(model, ids[None], len(ids) - first + 1)[0, : stop - first]
    return float(nn.functional.cross_entropy(logits.float(), ids[first:stop], reduction="sum"))


def last_logits(
    model: Any, ids: torch.Tensor, n_kept: int, cache: DynamicCache | None = None
) -> torch.Tensor:
    """Return the logits after the last `n_kept` tokens of `ids` int64[batch, n], `[batch, n_kept, any]`.

    `cache` holds what they are read on from.
    """
    few = "logits_to_keep" in inspect.signature(model.forward).parameters
    given: dict[str, Any] = {"logits_to_keep": n_kept} if few else {}  # those of a prompt are not asked for
    if cache is not None:
        given["past_key_values"] = cache
    logits: torch.Tensor = model(input_ids=ids, use_cache=cache is not None, **given).logits[:, -n_kept:]
    return logits
