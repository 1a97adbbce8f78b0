"""An SAE ready to read a model: loaded, found to fit, its hook point and encoder known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch

from persona_assets.errors import StudyError
from persona_assets.extract.encode import Encode, encoder
from persona_assets.extract.hooks import HookPoint, check_site, hook_point, width
from persona_assets.extract.pool import Pooled, pool
from persona_assets.extract.sae import load_sae, sae_name
from persona_assets.settings import SaeSettings


@dataclass(frozen=True)
class Reader:
    """An SAE, where it reads, and how it encodes."""

    sae: Any
    point: HookPoint
    encode: Encode

    @torch.inference_mode()
    def pooled(self, rows: torch.Tensor, lengths: torch.Tensor) -> Pooled:
        """Encode rows `float[n, d_in]` and pool over responses of `lengths` int64[n_responses] rows each."""
        return pool(self.encode(rows), lengths, self.sae.cfg.d_sae)


def load_reader(settings: SaeSettings, config: Any, model: str, device: str) -> Reader:
    """The SAE that `settings` name, for `model`, whose text configuration is `config`.

    Raises StudyError where it cannot be had or does not fit.
    """
    sae, point = load_fitting(settings, config, model, device)
    return Reader(sae, point, encoder(sae, sae_name(settings)))


def load_fitting(
    settings: SaeSettings, config: Any, model: str, device: str = "cpu"
) -> tuple[Any, HookPoint]:
    """As `load_reader`, without what encodes: the SAE, and where it reads."""
    sae = load_sae(settings, device)
    name = sae_name(settings)
    point = hook_point(sae.cfg.metadata, name)
    check_site(point, config.model_type, name)
    check_fits(sae, name, point, config, model)
    return sae, point


def check_fits(sae: Any, name: str, point: HookPoint, config: Any, model: str) -> None:
    """Raise StudyError where the model lacks the SAE's layer, or its stream there has another width."""
    if point.layer >= config.num_hidden_layers:
        raise StudyError(
            f"SAE {name}: reads {point}, but model {model!r} has only layers 0 to "
            f"{config.num_hidden_layers - 1}; choose an SAE made for this model"
        )
    if sae.cfg.d_in != width(point, config):
        raise StudyError(
            f"SAE {name}: d_in is {sae.cfg.d_in}, but the stream at {point} of model {model!r} is "
            f"{width(point, config)} wide; choose an SAE made for this model"
        )
