"""`persona try`: a text goes through the study's model, and what fires stands beside the study's density."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from persona_assets.base.errors import StudyError
from persona_assets.base.given import parsed_json, read_json
from persona_assets.base.queries import query
from persona_assets.cli.answers import print_rows, read_query
from persona_assets.cli.arguments import check_sae
from persona_assets.drift.transcript import SEE, Message, Transcript, spoken_text, tried_transcript
from persona_assets.study.study import Study
from persona_assets.warehouse import connect

if TYPE_CHECKING:
    from persona_assets.drift.tried import Tried

_Known = dict[int, tuple[str | None, str | None, float | None]]  # label, its worth, token rate by feature

_OF_TOKENS = ("text", "token", "piece", "feature_id", "label", "label_worth", "activation", "token_rate")
_OF_TEXTS = (
    "text", "feature_id", "label", "label_worth", "mean", "max", "n_active", "n_tokens", "share_of_tokens",
    "token_rate", "ratio",
)  # fmt: skip


def try_text(
    study: Study, text: str | None, file: str | None, sae: str | None, pooled: bool, top: int, output: str,
    wide: bool,
) -> None:  # fmt: skip
    """Print the `top` features of each token, or with `pooled` of each text.

    `token_rate` is the share of the study's tokens on which a feature is active.
    """
    check_sae(study, sae)
    transcript, chosen = _given(text, file), sae or study.default_sae
    with connect(study) as connection:  # a mistake is told before the model is loaded
        found = _tried(study, transcript, chosen)
        features = sorted({feature for one in found for feature in one.feature.tolist()})
        rows = connection.execute(query("drift/tried"), {"features": features, "sae": chosen}).fetchall()
    known = {feature: (label, worth, rate) for feature, label, worth, rate in rows}
    if pooled:
        print_rows(_OF_TEXTS, _of_texts(found, known, top), output, wide=wide)
    else:
        print_rows(_OF_TOKENS, _of_tokens(found, known, top), output, wide=wide)


def _given(text: str | None, file: str | None) -> Transcript:
    if file is None:
        said = spoken_text(read_query(text), "the text")
        return Transcript((Message("user", said),), "the text")
    if text is not None:
        raise StudyError("give a text or --file, not both")
    if file == "-":
        return tried_transcript(parsed_json(read_query(None), "standard input", SEE), Path("standard input"))
    return tried_transcript(read_json(Path(file), SEE), Path(file))


def _tried(study: Study, transcript: Transcript, sae: str) -> list[Tried]:
    from persona_assets.drift.tried import try_transcript
    from persona_assets.extract.stage import ExtractionStage
    from persona_assets.models.chat import ChatFormat

    stage = ExtractionStage(study)
    try:
        chat = ChatFormat(stage.extractor.tokenizer, study.template)
        return try_transcript(transcript, chat, stage.extractor, sae)
    finally:
        stage.close()


def _of_tokens(found: Sequence[Tried], known: _Known, top: int) -> Iterator[tuple[Any, ...]]:
    for number, one in enumerate(found):
        for token, feature, activation in one.strongest(top):
            label, worth, rate = known[feature]
            yield number, token, one.pieces[token], feature, label, worth, activation, rate


def _of_texts(found: Sequence[Tried], known: _Known, top: int) -> Iterator[tuple[Any, ...]]:
    for number, one in enumerate(found):
        columns = zip(
            *(column.tolist() for column in (one.feature, one.mean, one.max, one.n_active)), strict=True
        )
        for feature, mean, highest, n_active in sorted(columns, key=lambda row: (-row[2], row[0]))[:top]:
            label, worth, rate = known[feature]
            share = n_active / len(one.pieces)
            ratio = share / rate if rate else None
            n_tokens = len(one.pieces)
            yield number, feature, label, worth, mean, highest, n_active, n_tokens, share, rate, ratio
