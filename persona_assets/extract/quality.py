"""How well an SAE fits the stream that it reads."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import torch

from persona_assets.base.arrays import Floats
from persona_assets.extract.losses import Losses
from persona_assets.extract.pool import active
from persona_assets.models.sae import Sae


@dataclass(frozen=True)
class FitSums:
    """What adds up to a fit: sums over some tokens, in float64.

    `error` is the squared error of the reconstruction, NaN for a transcoder, which reconstructs another
    stream than the one it reads; `squares` that of the stream, and `total`, float64[d_in], the stream itself.
    """

    n_responses: int
    n_tokens: int
    n_outliers: int
    n_active: int
    error: float
    squares: float
    total: Floats


@dataclass(frozen=True)
class Fit:
    """How well an SAE fits the model on the pooled tokens of some responses: a row of `schema.SAE_FIT`.

    `fvu` is the fraction of variance unexplained: the squared error of the reconstruction over the stream's
    variance about its mean token, sum by sum over all tokens, Σ|x − x̂|² / Σ|x − x̄|²; one less it is SAELens's
    `explained_variance` (sae_lens/evals.py). None for a transcoder. `l0` is the mean number of active
    features per token. `loss_recovered` is that of `Losses`, None where it is not measured.
    """

    fvu: float | None
    l0: float
    loss_recovered: float | None
    n_tokens: int
    n_outliers: int
    n_responses: int

    @classmethod
    def of(cls, parts: Iterable[FitSums], losses: Losses | None = None) -> Fit | None:
        """Return the fit over the tokens of all parts; None where there are none."""
        sums = list(parts)
        n_tokens = sum(one.n_tokens for one in sums)
        if n_tokens == 0:
            return None
        total = np.sum([one.total for one in sums], axis=0)
        variance = sum(one.squares for one in sums) - float(total @ total) / n_tokens
        fvu = sum(one.error for one in sums) / max(variance, 1e-30)
        return cls(
            fvu=None if np.isnan(fvu) else fvu,
            l0=sum(one.n_active for one in sums) / n_tokens,
            loss_recovered=None if losses is None else losses.recovered,
            n_tokens=n_tokens,
            n_outliers=sum(one.n_outliers for one in sums),
            n_responses=sum(one.n_responses for one in sums),
        )


@torch.inference_mode()
def fit_sums(sae: Sae, rows: torch.Tensor, n_responses: int, n_outliers: int) -> FitSums:
    """Return the sums over rows `float[n, d_in]` of so many responses, encoded as the SAE itself does."""
    n_active, error, squares = 0, 0.0, 0.0
    total = torch.zeros(sae.d_in, dtype=torch.float64, device=rows.device)
    for chunk in rows.float().split(max(1, 2**24 // sae.d_sae)):
        codes = sae.encode(chunk)
        n_active += len(active(codes).row)
        error += (sae.decode(codes) - chunk).double().square().sum().item() if sae.reconstructs else np.nan
        squares += chunk.double().square().sum().item()
        total += chunk.double().sum(dim=0)
    return FitSums(n_responses, len(rows), n_outliers, n_active, error, squares, total.cpu().numpy())
