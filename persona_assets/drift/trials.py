"""Texts tried in a study: its model, loaded once, and what the study knows of the features that fire."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from persona_assets.base.given import parsed_json
from persona_assets.base.queries import query
from persona_assets.drift.transcript import SEE, Message, Transcript, spoken_text, tried_transcript
from persona_assets.study.study import Study

if TYPE_CHECKING:
    from persona_assets.drift.tried import Tried


@dataclass(frozen=True)
class Known:
    """What a study knows of a feature.

    Its label, what that is worth, the share of tokens on which the feature is active, and its maximum.
    """

    label: str | None
    worth: str | None
    token_rate: float | None
    strongest: float | None


class Trials:
    """A study's model and SAEs, loaded when the first text is tried, or by `load`."""

    def __init__(self, study: Study) -> None:
        from persona_assets.extract.stage import ExtractionStage

        self.study = study
        self.extraction = ExtractionStage(study)

    def load(self) -> None:
        """Load model and SAEs. Raises StudyError where one is not at hand."""
        _ = self.extraction.extractor

    def tried(self, transcript: Transcript, sae: str) -> list[Tried]:
        """Return what fires on each of the conversation's texts. Raises StudyError as `try_transcript`."""
        from persona_assets.drift.tried import try_transcript
        from persona_assets.models.chat import ChatFormat

        chat = ChatFormat(self.extraction.extractor.tokenizer, self.study.template)
        return try_transcript(transcript, chat, self.extraction.extractor, sae)

    def close(self) -> None:
        """Give back the model's memory."""
        self.extraction.close()


def prompt_transcript(text: str) -> Transcript:
    """Return a text as a user's prompt. Raises StudyError where it is empty."""
    return Transcript((Message("user", spoken_text(text, "the text")),), "the text")


def parsed_transcript(text: str, where: str) -> Transcript:
    """Return the conversation that a text is as JSON. Raises StudyError, naming `where`, if it is none."""
    return tried_transcript(parsed_json(text, where, SEE), Path(where))


def known_features(
    connection: duckdb.DuckDBPyConnection, sae: str, features: Collection[int]
) -> dict[int, Known]:
    """Return what the snapshot knows of each of the features."""
    asked = {"features": sorted(features), "sae": sae}
    rows = connection.execute(query("drift/tried"), asked).fetchall()
    return {feature: Known(*known) for feature, *known in rows}
