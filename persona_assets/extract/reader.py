"""An SAE ready to read a model: loaded, found to fit, its hook point and encoder known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch

from persona_assets.extract.encode import Encode, encoder
from persona_assets.extract.pool import Pooled, pool
from persona_assets.models.hooks import HookPoint, check_fits, check_site
from persona_assets.models.sae import Sae, load_sae, sae_name
from persona_assets.study.settings import SaeSettings


@dataclass(frozen=True)
class Reader:
    """An SAE, where it reads, and how it encodes."""

    sae: Sae
    encode: Encode

    @property
    def point(self) -> HookPoint:
        """Where it reads."""
        return self.sae.point

    @torch.inference_mode()
    def pooled(self, rows: torch.Tensor, lengths: torch.Tensor) -> Pooled:
        """Encode rows `float[n, d_in]` and pool over responses of `lengths` int64[n_responses] rows each."""
        return pool(self.encode(rows), lengths, self.sae.d_sae)


def load_reader(settings: SaeSettings, config: Any, model: str, device: str) -> Reader:
    """Return the SAE that `settings` name, for `model`, whose text configuration is `config`.

    Raises StudyError where it cannot be had or does not fit.
    """
    sae = load_fitting(settings, config, model, device)
    return Reader(sae, encoder(sae, sae_name(settings)))


def load_fitting(settings: SaeSettings, config: Any, model: str, device: str = "cpu") -> Sae:
    """As `load_reader`, without what encodes."""
    sae, name = load_sae(settings, device), sae_name(settings)
    check_site(sae.point, config, name)
    check_fits(sae.point, sae.d_in, name, config, model)
    return sae
