"""The extractor: a role's responses in, pooled activations and evidence of each SAE out."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import torch

from persona_assets.errors import StudyError
from persona_assets.extract.backbone import Backbone, text_config
from persona_assets.extract.batches import batches
from persona_assets.extract.conversation import Conversation, read_conversations
from persona_assets.extract.evidence import EvidenceCollector
from persona_assets.extract.finite import check_rows, check_values
from persona_assets.extract.hooks import HookPoint
from persona_assets.extract.options import Engine, engine_options
from persona_assets.extract.pool import Pooled, pool
from persona_assets.extract.quality import Fit, FitMeter
from persona_assets.extract.reader import Reader, load_reader
from persona_assets.extract.tables import ActivationsCollector
from persona_assets.models import load_tokenizer
from persona_assets.progress import Progress
from persona_assets.settings import ExtractionSettings

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


@dataclass(frozen=True)
class Extraction:
    """What one SAE gives for a role: tables of `schema.POOLED`, `schema.EVIDENCE` and `schema.ACTIVATIONS`.

    `pooled` has a row for every response, in their order; `activations` is sorted by feature and response.
    """

    pooled: pa.Table
    evidence: pa.Table
    activations: pa.Table


class _Collector:
    """What is gathered of one SAE while batches stream by."""

    def __init__(self, d_sae: int, settings: ExtractionSettings) -> None:
        self.activations = ActivationsCollector()
        self.evidence = EvidenceCollector(d_sae, settings.evidence.top, settings.evidence.window)

    def add(self, pooled: Pooled, response_ids: np.ndarray) -> None:
        self.activations.add(pooled, response_ids)
        self.evidence.add(pooled, response_ids)


class Extractor:
    """A model, its tokenizer and SAEs, loaded once; call `extract` for each role."""

    def __init__(
        self,
        settings: ExtractionSettings,
        engine: Engine,
        tokenizer: PreTrainedTokenizerBase,
        backbone: Backbone,
        context: int | None,
        readers: dict[str, Reader],
    ) -> None:
        self._settings = settings
        self._engine = engine
        self._tokenizer = tokenizer
        self._backbone = backbone
        self._context = context
        self._readers = readers

    @classmethod
    def open(cls, settings: ExtractionSettings) -> Extractor:
        """Load what `settings` name, on a GPU if there is one (`engine: {device: …}` says otherwise).

        Raises StudyError where something is missing, or an SAE does not fit the model.
        """
        if settings.backend != "transformers":
            raise StudyError(f"extraction.backend: {settings.backend} is not served; use transformers")
        engine = engine_options(settings.engine)
        config = text_config(settings.model, settings.revision)
        readers = {
            name: load_reader(sae_settings, config, settings.model, engine.device)
            for name, sae_settings in settings.saes.items()
        }
        tokenizer = load_tokenizer(settings.model, settings.revision)
        n_layers = 1 + max(reader.point.layer for reader in readers.values())
        backbone = Backbone.load(
            settings.model, settings.revision, config, n_layers, settings.dtype, engine.device
        )
        context = getattr(config, "max_position_embeddings", None)
        return cls(settings, engine, tokenizer, backbone, context, readers)

    def extract(
        self, responses: pa.Table, saes: Sequence[str] | None = None, progress: Progress | None = None
    ) -> dict[str, Extraction]:
        """Pool the responses (columns of `schema.RESPONSES`) for each SAE named, by default all of them.

        `progress` is told how many responses are done, of how many. Raises StudyError for an unknown SAE, and
        naming the response where activations are not finite.
        """
        readers = self._chosen(saes)
        conversations = self._read(responses)
        collectors = {name: _Collector(one.sae.cfg.d_sae, self._settings) for name, one in readers.items()}
        done = len(conversations) - len(_included(conversations))
        for batch, streams in self._streams(conversations, [one.point for one in readers.values()]):
            response_ids = np.array([one.response_id for one in batch])
            lengths = torch.tensor([one.n_selected for one in batch], device=self._backbone.device)
            for name, reader in readers.items():
                with torch.inference_mode():
                    codes = reader.encode(streams[reader.point])
                    pooled = pool(codes, lengths, reader.sae.cfg.d_sae)
                check_values(pooled, response_ids, name)
                collectors[name].add(pooled, response_ids)
            done += len(batch)
            if progress is not None:
                progress(done, len(conversations))
        return {name: self._finish(one, responses, conversations) for name, one in collectors.items()}

    def fit(self, responses: pa.Table, sae: str, n_responses: int = 32) -> Fit:
        """How well the SAE fits the model, on the selected tokens of `n_responses` seeded responses."""
        reader = self._chosen([sae])[sae]
        included = _included(self._read(responses))
        included.sort(key=lambda one: one.response_id)
        sample = random.Random(0).sample(included, min(n_responses, len(included)))
        if not sample:
            raise StudyError(f"SAE {sae}: no response to measure its fit on; generate responses first")
        meter = FitMeter(reader.sae)
        for _, streams in self._streams(sample, [reader.point]):
            meter.add(streams[reader.point])
        return meter.result()

    def _chosen(self, saes: Sequence[str] | None) -> dict[str, Reader]:
        for name in saes or ():
            if name not in self._readers:
                raise StudyError(f"no SAE {name!r} in extraction.saes; there are: {', '.join(self._readers)}")
        return {name: self._readers[name] for name in (self._readers if saes is None else saes)}

    def _read(self, responses: pa.Table) -> list[Conversation]:
        selection = self._settings.token_selection
        return read_conversations(responses, self._tokenizer, selection, self._context)

    def _streams(
        self, conversations: Sequence[Conversation], points: Sequence[HookPoint]
    ) -> Iterator[tuple[list[Conversation], dict[HookPoint, torch.Tensor]]]:
        """Batch by batch one forward pass: the rows of the selected tokens at each point, checked."""
        for batch in batches(_included(conversations), self._engine.batch_budget):
            streams = self._backbone.selected_rows(batch, list(dict.fromkeys(points)))
            for point, rows in streams.items():
                check_rows(rows, batch, point)
            yield batch, streams

    def _finish(
        self, collector: _Collector, responses: pa.Table, conversations: Sequence[Conversation]
    ) -> Extraction:
        by_id = {one.response_id: one for one in conversations}
        return Extraction(
            pooled=collector.activations.pooled(responses, conversations),
            evidence=collector.evidence.table(by_id, self._tokenizer),
            activations=collector.activations.activations(),
        )


def _included(conversations: Sequence[Conversation]) -> list[Conversation]:
    return [one for one in conversations if one.excluded_reason is None]
