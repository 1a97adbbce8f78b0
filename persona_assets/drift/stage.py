"""Drift runs: conversations read by the model once, measured, and landed in the lake."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import nullcontext
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from scipy.sparse import csr_array

from persona_assets.base.arrays import Floats
from persona_assets.base.errors import StudyError
from persona_assets.drift.codes import SpanCodes, from_table, to_table
from persona_assets.drift.crossfit import CrossFit
from persona_assets.drift.encode import encode_layout, encode_responses
from persona_assets.drift.held import Held
from persona_assets.drift.layout import Layout, lay_out
from persona_assets.drift.measure import Reading, measure
from persona_assets.drift.placing import Placed, placed
from persona_assets.drift.played_axis import PlayedAxis
from persona_assets.drift.reference import Reference, build_reference, role_vector
from persona_assets.drift.scores import scores
from persona_assets.drift.transcript import Transcript
from persona_assets.drift.turns import turn_points
from persona_assets.extract.stage import ExtractionStage
from persona_assets.lake.lake_file import LakeFile
from persona_assets.lake.schema import (
    DRIFT_CODES,
    DRIFT_RUNS,
    DRIFT_TABLES,
    DRIFT_TURNS,
    PLAYED_FEATURES,
    RESPONSES,
    ROLE_FEATURES,
    ROLE_VECTORS,
)
from persona_assets.models.chat import ChatFormat
from persona_assets.models.loading import load_tokenizer, text_config
from persona_assets.models.sae import sae_width
from persona_assets.stages.of_conversations import DriftFiles

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


class DriftStage:
    """Lands runs one after the other; the model is loaded by the first that was never read, and kept.

    It is `extraction`'s, so that a process holds one model.
    """

    def __init__(self, extraction: ExtractionStage) -> None:
        self.study = extraction.study
        self._extraction = extraction
        self._files = DriftFiles.of(self.study)

    def land(
        self,
        transcript: Transcript,
        *,
        overwrite: bool = False,
        held: Held | None = None,
        answered_of: str | None = None,
    ) -> dict[str, LakeFile]:
        """Return the run's files by table: those that are there, or, measured now, those that were missing.

        A conversation whose name or flag alone is new is not measured again. Where it is `held` the run is
        of the conversation under a cap. `answered_of` is the run whose user was answered again; a
        conversation that is there under another name, because it was given as it is, keeps that. Raises
        StudyError where the study cannot measure drift yet, or the conversation cannot be measured.
        """
        run = held.run(transcript) if held else transcript.run
        made_from = self._files.fingerprint(run)
        layout = self._layout(transcript)
        landed = self._files.files(run)
        if landed is not None and not overwrite:
            return landed | self._renamed(landed[DRIFT_RUNS.name], transcript, held, answered_of)
        reference = self.reference  # before the model is loaded: it may be refused
        reading = Reading(
            transcript=transcript,
            codes=self._codes(run, transcript, layout, held),
            n_tokens=len(layout.token_ids),
            sae=self._files.sae,
            model=self.study.settings.extraction.model,
            held=held,
            answered_of=answered_of,
        )
        drift = self.study.settings.drift
        tables = measure(
            reading, self._anchor_codes, self._fit, reference, drift, self._tokenizer, self._played
        )
        return {
            table.name: self.study.lake.write(
                table, tables[table.name], made_from, run=run, inputs=self._inputs(run)
            )
            for table in DRIFT_TABLES
        }

    def scores(self, transcript: Transcript, held: Held | None = None) -> Floats:
        """Return the study's score of each turn, float64[n_turns], read now; nothing lands.

        Raises StudyError as `land`.
        """
        drift, reference = self.study.settings.drift, self.reference
        codes = self._encoded(self._layout(transcript), held)
        return scores(turn_points(codes, reference, drift), reference.target)[drift.score]

    def scores_of(self, landed: Mapping[str, LakeFile]) -> Floats:
        """Return the study's score of each turn of a run that has landed, float64[n_turns]; NaN of none."""
        turns = self.study.lake.read(DRIFT_TURNS, landed[DRIFT_TURNS.name])
        found: Floats = turns[self.study.settings.drift.score].to_numpy().astype(np.float64)
        return found

    def check(self, transcripts: Iterable[Transcript]) -> None:
        """Raise StudyError where the study or a conversation would be refused; loads no model."""
        _ = self.reference
        for transcript in transcripts:
            self._layout(transcript)

    def placed(self, layout: Layout) -> list[Placed]:
        """Return where a conversation's answers lie on the axis, read now: nothing of it lands.

        Without the null, where the anchor's answers were not read token by token yet. Raises StudyError where
        the study cannot measure drift.
        """
        reference, drift = self.reference, self.study.settings.drift
        codes = self._encoded(layout, None)
        if self._files.anchor_codes is None:
            return placed(codes, None, None, reference, drift)
        return placed(codes, self._anchor_codes, self._fit, reference, drift)

    @cached_property
    def reference(self) -> Reference:
        """The roles, their space and the axis. Raises StudyError where the study has none yet."""
        self._files.check()
        drift, lake = self.study.settings.drift, self.study.lake
        if self._files.in_residual:
            return build_reference(self._role_vectors, self._files.anchor, drift)
        vectors = {
            role: role_vector(lake.read(ROLE_FEATURES, file), drift.pooling, self._width)
            for role, file in self._files.role_features.items()
        }
        return build_reference(vectors, self._files.anchor, drift)

    @cached_property
    def _role_vectors(self) -> dict[str, csr_array]:
        """The roles' vectors in the residual stream, float64[1, width]."""
        file = self._files.role_vectors
        assert file is not None  # checked
        rows = self.study.lake.read(ROLE_VECTORS, file).to_pylist()
        return {row["role"]: csr_array([row["vector"]]) for row in rows if row["variant"] is None}

    def _layout(self, transcript: Transcript) -> Layout:
        return lay_out(transcript, ChatFormat(self._tokenizer, self.study.template), self._context)

    def _encoded(self, layout: Layout, held: Held | None) -> SpanCodes:
        extractor = self._extraction.extractor
        with held.reading(extractor) if held else nullcontext():
            space = self.study.settings.drift.space
            return encode_layout(layout, extractor, self._files.sae, self._width, space)

    def _codes(self, run: str, transcript: Transcript, layout: Layout, held: Held | None) -> SpanCodes:
        sae, lake = self._files.sae, self.study.lake
        file = self._files.codes(run)
        if file is None:
            codes = self._encoded(layout, held)
            made_from = self._files.codes_fingerprint(run)
            file = lake.write(DRIFT_CODES, to_table(codes), made_from, sae=sae, run=run)
        codes = from_table(lake.read(DRIFT_CODES, file), self._width)
        if codes.token_ids.tolist() != layout.answer_ids.tolist():
            raise StudyError(
                f"{lake.uri(file.path)}: holds other tokens than {transcript.name}; delete it and run again"
            )
        return codes

    @cached_property
    def _fit(self) -> CrossFit | None:
        drift = self.study.settings.drift
        return CrossFit.of(self._anchor_codes, self.reference, drift.axis, drift.pooling)

    @cached_property
    def _played(self) -> PlayedAxis | None:
        """The axis over played answers; None where none is asked for, or too few roles are played."""
        file = self._files.played_features
        if file is None:
            return None
        content = self.study.lake.read(PLAYED_FEATURES, file)
        pooling, names = self.study.settings.drift.pooling, content["role"]
        vectors = {
            role: role_vector(content.filter(pc.equal(names, role)), pooling, self._width)
            for role in pc.unique(names).to_pylist()
        }
        return PlayedAxis.of(vectors, self.reference, self._anchor_codes, self.study.settings.drift)

    @cached_property
    def _anchor_codes(self) -> SpanCodes:
        """The anchor's responses token by token, encoded once a study."""
        files, lake = self._files, self.study.lake
        file, made_from = files.anchor_codes, files.anchor_codes_fingerprint
        if file is None:
            responses = files.roles[files.anchor].responses
            assert responses is not None and made_from is not None  # it has features, made of them
            content = self.study.responses_owner.lake.read(RESPONSES, responses)
            codes = encode_responses(
                content, self._extraction.extractor, files.sae, self._width, self.study.settings.drift.space
            )
            file = lake.write(
                DRIFT_CODES, to_table(codes), made_from, sae=files.sae, role=files.anchor, inputs=[responses]
            )
        return from_table(lake.read(DRIFT_CODES, file), self._width)

    def _renamed(
        self, landed: LakeFile, transcript: Transcript, held: Held | None, answered_of: str | None
    ) -> dict[str, LakeFile]:
        """Return the run's row under the transcript's name and flag; a revision of it, where they are new."""
        content = self.study.lake.read(DRIFT_RUNS, landed)
        [row] = content.to_pylist()
        run, name = transcript.run, transcript.name
        if held is not None:
            run, name = held.run(transcript), held.name(transcript)
        if row["conversation"] != transcript.plain:
            raise StudyError(
                f"{name}: its hash {run} is that of another conversation, "
                f"{row['name']!r}; change one of the two"
            )
        named = {"name": name, "sensitive": transcript.sensitive, "answered_of": answered_of}
        if row | named == row or (answered_of and not held and row["name"] != name):
            return {}
        made_from = self._files.fingerprint(run)
        revised = pa.Table.from_pylist([row | named], schema=DRIFT_RUNS.schema)
        return {
            DRIFT_RUNS.name: self.study.lake.write(
                DRIFT_RUNS, revised, made_from, run=run, inputs=self._inputs(run)
            )
        }

    def _inputs(self, run: str) -> list[LakeFile]:
        """Return what a run's tables are made from."""
        files = self._files
        roles = [files.role_vectors] if files.in_residual else files.role_features.values()
        found = [files.codes(run), files.anchor_codes, files.played_features, *roles]
        return [file for file in found if file is not None]

    @cached_property
    def _tokenizer(self) -> PreTrainedTokenizerBase:
        extraction = self.study.settings.extraction
        return load_tokenizer(extraction.model, extraction.revision)

    @cached_property
    def _context(self) -> int | None:
        extraction = self.study.settings.extraction
        return getattr(text_config(extraction.model, extraction.revision), "max_position_embeddings", None)

    @cached_property
    def _width(self) -> int:
        """How many features there are, or dimensions of the residual stream."""
        if self._files.in_residual:
            self._files.check()
            return int(self._role_vectors[self._files.anchor].shape[1])
        return sae_width(self.study.settings.extraction.saes[self._files.sae])
