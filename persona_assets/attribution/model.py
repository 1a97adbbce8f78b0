"""The whole model and the SAEs that attribution needs: each writes to the stream that it reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch

from persona_assets.base.errors import StudyError
from persona_assets.extract.backbone import Backbone
from persona_assets.extract.reader import Reader, load_readers
from persona_assets.models.chat import ChatFormat
from persona_assets.models.loading import load_tokenizer, text_config
from persona_assets.models.places import Place
from persona_assets.models.sae import check_directions
from persona_assets.study.extraction_options import engine_options
from persona_assets.study.settings import ExtractionSettings
from persona_assets.study.template import Template

_LOGITS = 2**26  # numbers of logits that are made at once, tokens x vocabulary


@dataclass(frozen=True)
class Part:
    """An SAE, where the stream that it reads can be changed, and what it writes: float32[d_sae, width]."""

    reader: Reader
    place: Place
    directions: torch.Tensor

    def check(self, rows: torch.Tensor) -> None:
        """Raise StudyError where activations on rows `float[n, d_in]` write along no fixed directions."""
        check_directions(self.reader.sae, self.directions, rows, f"attribution: SAE {self.reader.name}")


class AttributionModel:
    """A model that predicts tokens, and SAEs on it, on one device."""

    def __init__(self, settings: ExtractionSettings, template: Template) -> None:
        """Load what `settings` name. Raises StudyError where something is missing, or cannot be served."""
        self.settings = settings
        engine = engine_options(settings.engine)
        config = text_config(settings.model, settings.revision)
        self.context: int | None = getattr(config, "max_position_embeddings", None)
        self.chat = ChatFormat(load_tokenizer(settings.model, settings.revision), template)
        readers = load_readers(settings, config, engine.device)
        for reader in readers.values():
            _check_writes(reader)
        self.at_once = max(1, min(engine.batch_budget, _LOGITS // config.vocab_size))  # tokens
        self.backbone = _whole(settings, config, readers, engine.device)
        self.parts = {name: _part(self.backbone, reader) for name, reader in readers.items()}


def _whole(settings: ExtractionSettings, config: Any, readers: dict[str, Reader], device: str) -> Backbone:
    n_layers = 1 + max(one.point.layer for one in readers.values())
    model = settings.model, settings.revision, config, n_layers, settings.dtype, device
    return Backbone.load(*model, whole=True)


def _part(backbone: Backbone, reader: Reader) -> Part:
    place = backbone.place(reader.point)
    if place is None:
        raise StudyError(
            f"attribution: SAE {reader.name} reads {reader.point}, which no module takes or gives alone; "
            "attribute by another SAE, in a study of it (responses_from)"
        )
    return Part(reader, place, reader.sae.directions().to(backbone.device))


def _check_writes(reader: Reader) -> None:
    """Raise StudyError for an SAE that gives another stream than the one it reads."""
    if reader.sae.writes != reader.point:
        raise StudyError(
            f"attribution: SAE {reader.name} reads {reader.point} and writes to another stream; attribute by "
            "another SAE, in a study of it (responses_from)"
        )
