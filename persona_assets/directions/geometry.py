"""How an SAE's directions lie to each other: the nearest and the most opposed of each."""

from __future__ import annotations

from typing import NamedTuple

import torch

from persona_assets.base.progress import Progress

_FEATURES = 1024  # at once, by all


class Nearest(NamedTuple):
    """Of each direction the nearest others, and the most opposed one."""

    ids: torch.Tensor  # int64[n_features, n]
    cosines: torch.Tensor  # float32[n_features, n], the largest first
    opposed: torch.Tensor  # int64[n_features]
    opposed_cosines: torch.Tensor  # float32[n_features]


@torch.inference_mode()
def cosines(some: torch.Tensor, others: torch.Tensor) -> torch.Tensor:
    """Return the cosine of each row with the other's, float32[n]; 0 where one has no length."""
    pairs = zip(some.split(_FEATURES), others.split(_FEATURES), strict=True)
    return torch.cat([torch.nn.functional.cosine_similarity(a, b, dim=1, eps=1e-30) for a, b in pairs])


@torch.inference_mode()
def nearest(units: torch.Tensor, n: int, progress: Progress) -> Nearest:
    """Return what lies nearest to each of `units`, float32[n_features, width], whose lengths are 1."""
    found = []
    for start in range(0, len(units), _FEATURES):
        products = units[start : start + _FEATURES] @ units.T
        opposed = products.min(dim=1)
        own = torch.arange(start, start + len(products), device=units.device)
        best = products.scatter_(1, own[:, None], -torch.inf).topk(min(n, len(units) - 1), dim=1)
        found.append((best.indices, best.values, opposed.indices, opposed.values))
        progress(start + len(products), len(units))
    return Nearest(*(torch.cat(parts).cpu() for parts in zip(*found, strict=True)))
