"""How well an SAE fits the stream it reads."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from persona_assets.extract.pool import active
from persona_assets.models.sae import Sae


@dataclass(frozen=True)
class Fit:
    """How well an SAE fits the model on the tokens that are pooled.

    `fraction_variance_unexplained` is the squared error of the reconstruction over the stream's variance;
    None for a transcoder, which reconstructs another stream than the one it reads. `mean_l0` is the mean
    number of active features a token.
    """

    fraction_variance_unexplained: float | None
    mean_l0: float
    n_tokens: int


class FitMeter:
    """Adds up rows of the stream; sums are kept in float64."""

    def __init__(self, sae: Sae) -> None:
        self._sae = sae
        self._rows = max(1, 2**24 // sae.d_sae)
        self._n_tokens = self._n_active = 0
        self._error = self._squares = 0.0
        self._sum = torch.zeros(sae.d_in, dtype=torch.float64)

    @torch.inference_mode()
    def add(self, rows: torch.Tensor) -> None:
        """Take in rows `float[n, d_in]`."""
        for chunk in rows.float().split(self._rows):
            codes = self._sae.encode(chunk)
            self._n_tokens += len(chunk)
            self._n_active += len(active(codes).row)
            if self._sae.reconstructs:
                self._error += (self._sae.decode(codes) - chunk).double().square().sum().item()
            self._squares += chunk.double().square().sum().item()
            self._sum += chunk.double().sum(dim=0).cpu()

    def result(self) -> Fit:
        """Return the fit on all rows so far."""
        variance = self._squares - (self._sum.square().sum() / self._n_tokens).item()
        unexplained = self._error / max(variance, 1e-30) if self._sae.reconstructs else None
        return Fit(unexplained, self._n_active / self._n_tokens, self._n_tokens)
