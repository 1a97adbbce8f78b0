"""Rows and weights that are hard on the screen."""

from __future__ import annotations

import torch


def worst_case(d_sae: int, n: int = 64, d_in: int = 16) -> tuple[torch.Tensor, torch.Tensor]:
    """Rows [n, d_in] and weights [d_in, d_sae] that lose the most when rounded to bfloat16, all together.

    Every number lies just below half way between two neighbors and is rounded towards zero, and all products
    of a row and a feature have one sign: the rounded inner product falls short by the whole of the bound.
    """
    generator = torch.Generator().manual_seed(0)
    signs = torch.randint(0, 2, (d_in,), generator=generator) * 2.0 - 1
    below_half = 2**-8 - 2**-14
    mantissa = 1 + torch.arange(128) / 128 + below_half
    rows = mantissa[37 * torch.arange(n) % 128][:, None] * signs
    weights = signs[:, None] * mantissa[torch.arange(d_sae) % 128]
    assert (rows.bfloat16().float().abs() < rows.abs()).all()
    assert (weights.bfloat16().float().abs() < weights.abs()).all()
    return rows, weights


def cancelling(d_sae: int, n: int = 40, d_in: int = 1200) -> tuple[torch.Tensor, torch.Tensor]:
    """Rows and weights whose products nearly cancel: float32 sums in another order differ the most."""
    generator = torch.Generator().manual_seed(0)
    return torch.randn(n, d_in, generator=generator) * 100, torch.randn(d_in, d_sae, generator=generator)
