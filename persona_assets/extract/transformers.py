"""The backend that runs the model's layers by transformers, padded batch by padded batch."""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterator, Sequence

import torch

from persona_assets.extract.backbone import Backbone
from persona_assets.extract.backend import PooledBatch
from persona_assets.extract.batches import batches
from persona_assets.extract.conversation import Conversation
from persona_assets.extract.finite import check_rows
from persona_assets.extract.reader import Reader, load_readers
from persona_assets.models.hooks import HookPoint
from persona_assets.models.loading import text_config
from persona_assets.study.extraction_options import Engine, engine_options
from persona_assets.study.settings import ExtractionSettings


class TransformersBackend:
    """The layers up to the highest SAE's, and the SAEs, on one device. Serves every hook point."""

    def __init__(
        self, backbone: Backbone, readers: dict[str, Reader], engine: Engine, context: int | None
    ) -> None:
        self.backbone = backbone
        self.context = context
        self.d_sae: dict[str, int] = {name: reader.sae.d_sae for name, reader in readers.items()}
        self._readers = readers
        self._engine = engine

    @classmethod
    def open(cls, settings: ExtractionSettings) -> TransformersBackend:
        """Load what `settings` name, on a GPU if there is one (`engine: {device: …}` says otherwise).

        Raises StudyError where something is missing, or an SAE does not fit the model.
        """
        engine = engine_options(settings.engine)
        config = text_config(settings.model, settings.revision)
        readers = load_readers(settings, config, engine.device)
        n_layers = 1 + max(reader.point.layer for reader in readers.values())
        backbone = Backbone.load(
            settings.model, settings.revision, config, n_layers, settings.dtype, engine.device
        )
        return cls(backbone, readers, engine, getattr(config, "max_position_embeddings", None))

    def pooled(
        self, conversations: Sequence[Conversation], saes: Sequence[str], measured: Collection[int] = ()
    ) -> Generator[PooledBatch]:
        """Yield pooled batches, as `Backend` says: one forward pass per batch serves all of `saes`."""
        readers = [self._readers[name] for name in saes]
        for of, streams in self._streams(conversations, [reader.point for reader in readers]):
            for reader in readers:
                yield reader.pooled(streams[reader.point], of, measured)

    def close(self) -> None:
        """Drop model and SAEs."""
        del self.backbone, self._readers

    def _streams(
        self, conversations: Sequence[Conversation], points: Sequence[HookPoint]
    ) -> Iterator[tuple[list[tuple[int, int]], dict[HookPoint, torch.Tensor]]]:
        """Batch by batch one forward pass: the rows of the selected tokens at each point, checked.

        Before them each response's id, and how many rows are its.
        """
        for batch in batches(conversations, self._engine.batch_budget):
            of = [(one.response_id, one.n_selected) for one in batch]
            streams = self.backbone.selected_rows(batch, list(dict.fromkeys(points)))
            for point, rows in streams.items():
                check_rows(rows, of, point)
            yield of, streams
