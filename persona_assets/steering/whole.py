"""The whole model that reads answers again, its head too, as a study's extraction names it."""

from __future__ import annotations

from persona_assets.extract.backbone import Backbone
from persona_assets.models.loading import text_config
from persona_assets.study.extraction_options import engine_options
from persona_assets.study.settings import ExtractionSettings


def device_of(extraction: ExtractionSettings) -> str:
    """Return where the model runs: as transformers does, if the engine is another backend's."""
    return engine_options(extraction.engine if extraction.backend == "transformers" else {}).device


def whole_backbone(extraction: ExtractionSettings) -> Backbone:
    """Load all layers. Raises StudyError where the model is not to be had."""
    model, revision = extraction.model, extraction.revision
    config = text_config(model, revision)
    n_layers, device = config.num_hidden_layers, device_of(extraction)
    return Backbone.load(model, revision, config, n_layers, extraction.dtype, device, whole=True)
