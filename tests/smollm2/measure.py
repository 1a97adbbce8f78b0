"""How well an SAE reads what was held out of its training."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from sae_lens import SAE
from torch import nn

from tests.smollm2.residuals import Halfs, is_no_sink
from tests.smollm2.texts import Text

CHUNK = 4096  # tokens


@dataclass(frozen=True)
class Fit:
    """Share of variance unexplained, active features per token (L0), tokens; which features fired."""

    fvu: float
    l0: float
    tokens: int
    fired: torch.Tensor  # bool[d_sae]


@torch.inference_mode()
def fit(sae: SAE[Any], residuals: Sequence[Halfs]) -> Fit:
    """Measure on float16[n_tokens, d_in] each: squared error over the variance about the mean token."""
    fired = torch.zeros(sae.cfg.d_sae, dtype=torch.bool)
    total, square = torch.zeros(sae.cfg.d_in, dtype=torch.double), 0.0
    error, active, tokens = 0.0, 0, 0
    for values in _chunks(residuals):
        codes = sae.encode(values)
        error += float((values - sae.decode(codes)).double().pow(2).sum())
        active += int((codes > 0).sum())
        fired |= (codes > 0).any(0)
        total += values.double().sum(0)
        square += float(values.double().pow(2).sum())
        tokens += len(values)
    variance = square - float(total.pow(2).sum()) / tokens
    return Fit(error / variance, active / tokens, tokens, fired)


def _chunks(residuals: Iterable[Halfs]) -> Iterator[torch.Tensor]:
    for file in residuals:
        for start in range(0, len(file), CHUNK):
            yield torch.from_numpy(file[start : start + CHUNK]).float()


@dataclass(frozen=True)
class Losses:
    """Mean loss per token of the model as it is, reading through the SAE, and with the stream set to zero."""

    clean: float
    spliced: float
    zero: float

    @property
    def recovered(self) -> float:
        """1 where the SAE costs nothing, 0 where it is no better than nothing at all."""
        return (self.zero - self.spliced) / (self.zero - self.clean)


@torch.inference_mode()
def losses(model: Any, sae: SAE[Any], layer: int, texts: Sequence[Text]) -> Losses:
    """Measure on the texts' tokens from `answer` on (all, where none is answered), one text after the other.

    The SAE is spliced in on all tokens but sinks, which it was not made for; zero is put on all tokens.
    """

    def splice(stream: torch.Tensor) -> torch.Tensor:
        kept = is_no_sink(stream[0])
        changed = stream.clone()
        changed[0, kept] = sae.decode(sae.encode(stream[0, kept]))
        return changed

    sums, tokens = [0.0, 0.0, 0.0], 0
    block = model.model.layers[layer]
    for text in texts:
        first = text.answer if text.answer < len(text.ids) else 1
        tokens += len(text.ids) - first
        for place, change in enumerate((None, splice, torch.zeros_like)):
            with _changed(block, change):
                sums[place] += _loss(model, torch.from_numpy(text.ids).long(), first)
    clean, spliced, zero = (one / tokens for one in sums)
    return Losses(clean, spliced, zero)


def _loss(model: Any, ids: torch.Tensor, first: int) -> float:
    logits = model(input_ids=ids[None]).logits[0, first - 1 : -1]
    return float(nn.functional.cross_entropy(logits, ids[first:], reduction="sum"))


@contextmanager
def _changed(block: nn.Module, change: Any) -> Iterator[None]:
    """While open, the block puts out what `change` makes of its stream [1, n_tokens, d_in]."""
    if change is None:
        yield
        return

    def hook(_module: nn.Module, _inputs: Any, output: Any) -> Any:
        return (change(output[0]), *output[1:]) if isinstance(output, tuple) else change(output)

    handle = block.register_forward_hook(hook)
    try:
        yield
    finally:
        handle.remove()
