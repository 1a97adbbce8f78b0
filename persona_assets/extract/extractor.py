"""The extractor: a role's responses in, pooled activations and evidence of each SAE out."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

import pyarrow as pa

from persona_assets.base.arrays import Singles
from persona_assets.base.errors import StudyError
from persona_assets.base.progress import Progress
from persona_assets.extract.backend import (
    Backend,
    ChangesStreams,
    HoldsModel,
    MeasuresLosses,
    PooledBatch,
    ReadsStreams,
)
from persona_assets.extract.conversation import Conversation, read_conversations
from persona_assets.extract.evidence import DrawnCollector, EvidenceCollector
from persona_assets.extract.evidence_tables import drawn_table, evidence_table
from persona_assets.extract.finite import check_values
from persona_assets.extract.losses import Losses
from persona_assets.extract.quality import Fit, FitSums
from persona_assets.extract.shapes import ShapesCollector
from persona_assets.extract.tables import ActivationsCollector, FirstCollector, fit_table
from persona_assets.extract.vectors import VariantVectorsCollector, VectorsCollector
from persona_assets.lake.kept import N_DRAWN
from persona_assets.models.chat import ChatFormat
from persona_assets.models.hooks import HookPoint
from persona_assets.models.loading import load_tokenizer
from persona_assets.study.backends import extraction_backend
from persona_assets.study.settings import ExtractionSettings, TokenSelection
from persona_assets.study.template import AS_THE_MODEL_HAS_IT, Template

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

    from persona_assets.models.places import Change


@dataclass(frozen=True)
class Extraction:
    """What one SAE gives for a role: the tables of the stage `activations`, as `lake.schema` has them.

    `pooled` has a row for every response, in their order; `activations` is sorted by feature and response;
    `sae_fit` has one row, or none where no response is pooled. `first_activations`, `response_vectors` and
    `variant_vectors` are None where nobody asks for them (`extraction.first_tokens`, `extraction.vectors`).
    """

    pooled: pa.Table
    sae_fit: pa.Table
    evidence: pa.Table
    drawn_evidence: pa.Table
    token_shapes: pa.Table
    activations: pa.Table
    first_activations: pa.Table | None = None
    response_vectors: pa.Table | None = None
    variant_vectors: pa.Table | None = None

    @property
    def tables(self) -> dict[str, pa.Table]:
        """The tables that there are, by the names that the lake has for them."""
        return {name: table for name, table in vars(self).items() if table is not None}


class _Collector:
    """What is gathered of one SAE while batches stream by."""

    def __init__(self, d_sae: int, settings: ExtractionSettings, included: Sequence[Conversation]) -> None:
        n_selected = {one.response_id: one.n_selected for one in included}
        self.first = FirstCollector(settings.first_tokens, n_selected) if settings.first_tokens else None
        self.vectors = VectorsCollector() if settings.vectors == "response" else None
        self.variants = VariantVectorsCollector() if settings.vectors == "role_variant" else None
        self.activations = ActivationsCollector(settings.mask_norm_outliers)
        window = settings.evidence.window
        self.evidence = EvidenceCollector(d_sae, settings.evidence.top, window)
        self.drawn = DrawnCollector(d_sae, N_DRAWN, window, included)
        self.shapes = ShapesCollector(d_sae, n_selected, settings.mask_norm_outliers)
        self.fits: list[FitSums] = []

    def add(self, batch: PooledBatch) -> None:
        check_values(batch.pooled, batch.response_ids, batch.sae)
        self.activations.add(batch)
        if self.first is not None:
            self.first.add(batch)
        if self.vectors is not None:
            self.vectors.add(batch)
        if self.variants is not None:
            self.variants.add(batch)
        self.evidence.add(batch.pooled, batch.response_ids)
        self.drawn.add(batch.pooled, batch.response_ids)
        self.shapes.add(batch)
        self.fits += [batch.fit] if batch.fit is not None else []


class Extractor:
    """A model, its tokenizer and SAEs, loaded once; call `extract` for each role."""

    def __init__(self, settings: ExtractionSettings, chat: ChatFormat, backend: Backend) -> None:
        self._settings = settings
        self._chat = chat
        self._backend = backend
        if settings.fit.loss_recovered and not isinstance(backend, MeasuresLosses):
            raise StudyError(
                f"extraction.fit.loss_recovered is not served by extraction.backend {settings.backend}; use "
                "transformers, or leave it out"
            )

    @classmethod
    def open(cls, settings: ExtractionSettings, template: Template = AS_THE_MODEL_HAS_IT) -> Extractor:
        """Load what `settings` name. Raises StudyError where something is missing or does not fit."""
        backend: Backend = extraction_backend(settings.backend).opens(settings)
        tokenizer = load_tokenizer(settings.model, settings.revision)
        return cls(settings, ChatFormat(tokenizer, template), backend)

    def extract(
        self, responses: pa.Table, saes: Sequence[str] | None = None, progress: Progress | None = None
    ) -> dict[str, Extraction]:
        """Pool the responses (columns of `schema.RESPONSES`) for each SAE named, by default all of them.

        `progress` is told how many responses are done, of how many. Raises StudyError for an unknown SAE, and
        naming the response where activations are not finite.
        """
        chosen = self._chosen(saes)
        conversations = self.read(responses)
        included = _included(conversations)
        sample = self._sample(included)
        collectors = {
            name: _Collector(self._backend.d_sae[name], self._settings, included) for name in chosen
        }
        done = dict.fromkeys(chosen, len(conversations) - len(included))
        with closing(self._backend.pooled(included, chosen, _ids(sample))) as batches:
            for batch in batches:
                collectors[batch.sae].add(batch)
                done[batch.sae] += len(batch.response_ids)
                if progress is not None:
                    progress(min(done.values()), len(conversations))
        losses = self._losses(sample, chosen)
        by_id = {one.response_id: one for one in conversations}
        evidence = {
            name: evidence_table(one.evidence.kept(), by_id, self.tokenizer)
            for name, one in collectors.items()
        }
        return {
            name: Extraction(
                pooled=one.activations.pooled(responses, conversations),
                sae_fit=fit_table(Fit.of(one.fits, losses.get(name))),
                evidence=evidence[name],
                drawn_evidence=drawn_table(one.drawn.kept(), by_id, self.tokenizer, evidence[name]),
                token_shapes=one.shapes.table(),
                activations=one.activations.activations(),
                first_activations=one.first.activations() if one.first is not None else None,
                response_vectors=one.vectors.table() if one.vectors is not None else None,
                variant_vectors=one.variants.table() if one.variants is not None else None,
            )
            for name, one in collectors.items()
        }

    def fits(self, responses: pa.Table, saes: Sequence[str] | None = None) -> dict[str, Fit]:
        """Return how well each SAE fits the model on the responses' seeded sample, as `extract` measures it.

        One pass serves all SAEs. Raises StudyError where no response is pooled.
        """
        chosen = self._chosen(saes)
        conversations = self.read(responses)
        sample = self._sample(_included(conversations))
        parts: dict[str, list[FitSums]] = {name: [] for name in chosen}
        with closing(self._backend.pooled(sample, chosen, _ids(sample))) as batches:
            for batch in batches:
                parts[batch.sae] += [batch.fit] if batch.fit is not None else []
        losses = self._losses(sample, chosen)
        found = {name: Fit.of(sums, losses.get(name)) for name, sums in parts.items()}
        return {name: fit if fit else _refuse_none(name, conversations) for name, fit in found.items()}

    @property
    def tokenizer(self) -> PreTrainedTokenizerBase:
        """The model's tokenizer."""
        return self._chat.tokenizer

    @property
    def context(self) -> int | None:
        """How many tokens the model reads at most; None where it does not say."""
        return self._backend.context

    def stream(self, conversations: Sequence[Conversation], sae: str) -> Generator[PooledBatch]:
        """Yield the conversations' pooled batches as they come, activations on single tokens among them.

        To be closed before anything else is asked. Raises StudyError as `extract` does.
        """
        [sae] = self._chosen([sae])
        with closing(self._backend.pooled(conversations, [sae])) as batches:
            for batch in batches:
                check_values(batch.pooled, batch.response_ids, batch.sae)
                yield batch

    def rows(self, conversations: Sequence[Conversation], sae: str) -> Iterator[tuple[int, Singles]]:
        """Yield by response_id what an SAE reads of the selected tokens, float32[n_selected, d_in].

        Raises StudyError where the backend gives no streams out, or they are not finite.
        """
        if not isinstance(self._backend, ReadsStreams):
            raise StudyError(
                f"extraction.backend {self._settings.backend} gives no streams out, which drift.space: "
                "residual needs; use transformers, or space: sae"
            )
        return self._backend.rows(conversations, *self._chosen([sae]))

    def changed(self, point: HookPoint, change: Change) -> AbstractContextManager[None]:
        """While open, everything is read with the stream at `point` changed.

        Raises StudyError where that stream cannot be changed, or no stream of this backend can.
        """
        if not isinstance(self._backend, ChangesStreams):
            raise StudyError(
                f"extraction.backend {self._settings.backend} reads streams as they are; with transformers "
                "they are read under a cap"
            )
        return self._backend.changed(point, change)

    @property
    def held(self) -> HoldsModel | None:
        """The model and its SAEs, where they lie in this process."""
        return self._backend if isinstance(self._backend, HoldsModel) else None

    def close(self) -> None:
        """Give back the memory of model and SAEs."""
        self._backend.close()

    def _chosen(self, saes: Sequence[str] | None) -> list[str]:
        known = self._backend.d_sae
        for name in saes or ():
            if name not in known:
                raise StudyError(f"no SAE {name!r} in extraction.saes; there are: {', '.join(known)}")
        return list(known if saes is None else saes)

    def read(self, responses: pa.Table, selection: TokenSelection | None = None) -> list[Conversation]:
        """Return the responses' conversations, with the study's token selection unless another is given."""
        return read_conversations(
            responses,
            self._chat,
            selection or self._settings.token_selection,
            self._backend.context,
            self._settings.span_tokens,
            self._settings.spans,
        )

    def _losses(self, sample: Sequence[Conversation], saes: Sequence[str]) -> Mapping[str, Losses]:
        """Return what the SAEs cost the model on the sample; nothing where that is not asked for."""
        if not self._settings.fit.loss_recovered:
            return {}
        assert isinstance(self._backend, MeasuresLosses)
        return self._backend.losses(sample, saes)

    def _sample(self, included: Sequence[Conversation]) -> list[Conversation]:
        """Return the responses on which the fit is measured: the same ones in whatever order they come."""
        ordered = sorted(included, key=lambda one: one.response_id)
        return random.Random(0).sample(ordered, min(self._settings.fit.responses, len(ordered)))


def _refuse_none(sae: str, conversations: Sequence[Conversation]) -> NoReturn:
    """Raise StudyError that says why no response is pooled, the commonest reason first."""
    reasons = Counter(one.excluded_reason for one in conversations).most_common()
    counted = ", ".join(f"{reason} ({count})" for reason, count in reasons)
    why = f"all {len(conversations)} are excluded: {counted}" if reasons else "generate responses first"
    raise StudyError(f"SAE {sae}: no response to measure its fit on; {why}")


def _ids(conversations: Sequence[Conversation]) -> frozenset[int]:
    return frozenset(one.response_id for one in conversations)


def _included(conversations: Sequence[Conversation]) -> list[Conversation]:
    return [one for one in conversations if one.excluded_reason is None]
