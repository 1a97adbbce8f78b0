"""How well an SAE reads what was held out of its training."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from sae_lens import SAE

from persona_assets.extract.losses import Codec, Losses, Predicted, losses_through
from persona_assets.models.places import Place
from tests.smollm2.residuals import Halfs
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


def losses(model: Any, sae: Codec, layer: int, texts: Sequence[Text]) -> Losses:
    """Measure on the texts' tokens from `answer` on (all, where none is answered)."""
    asked = [
        Predicted(text.ids, text.answer if text.answer < len(text.ids) else 1, len(text.ids))
        for text in texts
    ]
    place = Place(model.model.layers[layer], "output")
    return losses_through(model, {"sae": (place, sae)}, asked)["sae"]
