"""The backend that runs the model's layers by transformers, padded batch by padded batch."""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from persona_assets.base.arrays import Singles
from persona_assets.extract.backbone import Backbone, place_of
from persona_assets.extract.backend import PooledBatch
from persona_assets.extract.batches import batches
from persona_assets.extract.conversation import Conversation
from persona_assets.extract.finite import check_rows
from persona_assets.extract.losses import Losses, Predicted, losses_through
from persona_assets.extract.passes import Passes
from persona_assets.extract.reader import Reader, load_readers
from persona_assets.models.hooks import HookPoint
from persona_assets.models.loading import text_config
from persona_assets.models.places import Change, Place, changed
from persona_assets.models.sae import Sae
from persona_assets.study.extraction_options import Engine, engine_options
from persona_assets.study.settings import ExtractionSettings


class TransformersBackend:
    """The layers up to the highest SAE's, and the SAEs, on one device. Serves every hook point."""

    def __init__(
        self,
        settings: ExtractionSettings,
        config: Any,
        readers: dict[str, Reader],
        engine: Engine,
        context: int | None,
    ) -> None:
        self._settings = settings
        self.context = context
        self.d_sae: dict[str, int] = {name: reader.sae.d_sae for name, reader in readers.items()}
        self._readers = readers
        self._engine = engine
        self._budget = engine.batch_budget
        self.backbone = self._load(config)

    @classmethod
    def open(cls, settings: ExtractionSettings) -> TransformersBackend:
        """Load what `settings` name, on a GPU if there is one (`engine: {device: …}` says otherwise).

        Raises StudyError where something is missing, or an SAE does not fit the model.
        """
        engine = engine_options(settings.engine)
        config = text_config(settings.model, settings.revision)
        readers = load_readers(settings, config, engine.device)
        context = getattr(config, "max_position_embeddings", None)
        return cls(settings, config, readers, engine, context)

    def pooled(
        self, conversations: Sequence[Conversation], saes: Sequence[str], measured: Collection[int] = ()
    ) -> Generator[PooledBatch]:
        """Yield pooled batches, as `Backend` says: one forward pass per batch serves all of `saes`."""
        passes = Passes(self.backbone, self._budget)
        for batch in passes.pooled(conversations, [self._readers[name] for name in saes], measured):
            self._budget = passes.budget  # a role that follows begins with what this one had memory for
            yield batch

    def losses(self, conversations: Sequence[Conversation], saes: Sequence[str]) -> dict[str, Losses]:
        """Return what each of `saes` costs the model on the selected tokens (see `losses_through`).

        An SAE is lacking that gives another stream than it reads, or whose stream cannot be changed. The
        whole model stays (see `whole`).
        """
        texts = [Predicted(one.token_ids, one.start, one.stop) for one in conversations if one.stop > 1]
        if not texts or not self._spliced(saes):
            return {}
        return losses_through(self.whole().causal, self._spliced(saes), texts)

    def whole(self) -> Backbone:
        """Return the whole model, which stays in the place of the layers in use (`HoldsModel`).

        Both together may not fit in memory: where it cannot be loaded, nothing can be asked afterwards.
        """
        if self.backbone.causal is None:
            del self.backbone
            self.backbone = self._load(text_config(self._settings.model, self._settings.revision), whole=True)
        return self.backbone

    def sae(self, name: str) -> Sae:
        """Return the SAE that the study calls `name` (`HoldsModel`)."""
        return self._readers[name].sae

    def rows(self, conversations: Sequence[Conversation], sae: str) -> Iterator[tuple[int, Singles]]:
        """Yield what `sae` reads of each conversation's selected tokens (`ReadsStreams`)."""
        point = self._readers[sae].point
        for batch in batches(conversations, self._budget):
            lengths = [one.n_selected for one in batch]
            found = self.backbone.selected_rows(batch, [point])[point].float()
            check_rows(found, [(one.response_id, one.n_selected) for one in batch], point)
            for one, rows in zip(batch, found.split(lengths), strict=True):
                yield one.response_id, rows.cpu().numpy()

    @contextmanager
    def changed(self, point: HookPoint, change: Change) -> Iterator[None]:
        """While open, the stream at `point` is what `change` makes of it (`ChangesStreams`)."""
        with changed(place_of(self.backbone, point), change):
            yield

    def _spliced(self, saes: Sequence[str]) -> dict[str, tuple[Place, Sae]]:
        reading = [(name, self._readers[name].sae) for name in saes if self._readers[name].sae.reconstructs]
        places = [(name, self.backbone.place(sae.point), sae) for name, sae in reading]
        return {name: (place, sae) for name, place, sae in places if place is not None}

    def _load(self, config: Any, whole: bool = False) -> Backbone:
        settings, n_layers = self._settings, 1 + max(one.point.layer for one in self._readers.values())
        return Backbone.load(
            settings.model,
            settings.revision,
            config,
            n_layers,
            settings.dtype,
            self._engine.device,
            whole=whole,
        )

    def close(self) -> None:
        """Drop model and SAEs."""
        for name in ("backbone", "_readers"):
            vars(self).pop(name, None)  # of a model that could not be loaded there is none
