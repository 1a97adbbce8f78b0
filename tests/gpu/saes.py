"""SAEs of random weights, made on the device that they are for."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from persona_assets.models.hooks import HookPoint
from persona_assets.models.sae import Affine, Sae

KINDS = ["relu", "jumprelu", "topk"]
MEAN_L0 = 80


@dataclass
class Random(Sae):
    """An SAE whose features fire above their `threshold`; with `k`, its k largest pre-activations above 0.

    `weights`: float32[d_sae, d_in]; `bias`, `threshold`: float32[d_sae].
    """

    weights: torch.Tensor
    bias: torch.Tensor
    threshold: torch.Tensor
    point: HookPoint
    k: int | None = None

    def __post_init__(self) -> None:
        self.d_sae, self.d_in = self.weights.shape

    def encode(self, rows: torch.Tensor) -> torch.Tensor:
        pre = torch.addmm(self.bias, rows.to(self.weights.dtype), self.weights.t())
        if self.k is None:
            return pre.where(pre > self.threshold, 0)
        values, features = pre.topk(self.k, dim=1)
        return torch.zeros_like(pre).scatter_(1, features, values.relu())

    def decode(self, codes: torch.Tensor) -> torch.Tensor:
        return codes @ self.weights

    def affine(self) -> Affine | None:
        if self.k is not None:
            return None
        return Affine(self.weights, self.bias, self.threshold, inputs=lambda rows: rows.float())

    def to(self, place: torch.device | torch.dtype) -> Random:
        """The SAE on another device, or its numbers of another type."""
        parts = (part.to(place) for part in (self.weights, self.bias, self.threshold))
        return Random(*parts, self.point, self.k)


def random_sae(
    kind: str, d_in: int, d_sae: int, point: HookPoint, device: torch.device, stored: torch.dtype
) -> Random:
    """An SAE of one of KINDS, in float32, its weights rounded to the type in which they are `stored`.

    On rows of unit scale about a tenth of its features fire.
    """
    generator = torch.Generator(device).manual_seed(d_sae)
    make = {"generator": generator, "device": device}
    weights = (torch.randn(d_sae, d_in, **make) / d_in**0.5).to(stored).float()
    noise = torch.randn(2, d_sae, **make).to(stored).float()
    threshold = 1 + noise[0].abs() if kind == "jumprelu" else torch.zeros(d_sae, device=device)
    bias = noise[1] * 0.3 - (1.5 if kind == "relu" else 0)
    return Random(weights, bias, threshold, point, 9 if kind == "topk" else None)


@torch.inference_mode()
def realistic_sae(rows: torch.Tensor, d_sae: int, point: HookPoint, stored: torch.dtype) -> Random:
    """A JumpReLU SAE that fires about MEAN_L0 features on each of such rows `float[n, d_in]`.

    Their densities spread as real ones do: log-normal. Pre-activations are near normal, so that the threshold
    of a density is a quantile.
    """
    rows, device = rows.float(), rows.device
    generator = torch.Generator(device).manual_seed(0)
    weights = torch.randn(d_sae, rows.shape[1], generator=generator, device=device) / rows.shape[1] ** 0.5
    weights = weights.to(stored).float()
    density = torch.exp(1.5 * torch.randn(d_sae, generator=generator, device=device))
    density = (density / density.sum() * MEAN_L0).clamp(1e-5, 0.5)
    parts = [rows @ some.t() for some in weights.split(4096)]
    mean = torch.cat([pre.mean(dim=0) for pre in parts])
    spread = torch.cat([pre.std(dim=0) for pre in parts])
    threshold = (mean + spread * torch.special.ndtri(1 - density.double()).float()).clamp(min=1e-3)
    return Random(weights, torch.zeros(d_sae, device=device), threshold, point)
