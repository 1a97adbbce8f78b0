"""`persona try`: a text goes through the study's model, and what fires stands beside the study's density."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from persona_assets.base.errors import StudyError
from persona_assets.base.given import read_json
from persona_assets.cli.answers import print_rows, read_given
from persona_assets.cli.arguments import check_sae
from persona_assets.drift.transcript import SEE, Transcript, tried_transcript
from persona_assets.drift.trials import Known, Trials, known_features, parsed_transcript, prompt_transcript
from persona_assets.study.study import Study
from persona_assets.warehouse import connect

if TYPE_CHECKING:
    from persona_assets.drift.tried import Tried

_Known = dict[int, Known]

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
        with closing(Trials(study)) as trials:
            found = trials.tried(transcript, chosen)
        known = known_features(
            connection, chosen, {feature for one in found for feature in one.feature.tolist()}
        )
    if pooled:
        print_rows(_OF_TEXTS, _of_texts(found, known, top), output, wide=wide)
    else:
        print_rows(_OF_TOKENS, _of_tokens(found, known, top), output, wide=wide)


def _given(text: str | None, file: str | None) -> Transcript:
    if file is None:
        return prompt_transcript(read_given(text, "a text", "persona try STUDY"))
    if text is not None:
        raise StudyError("give a text or --file, not both")
    if file == "-":
        return parsed_transcript(
            read_given(None, "a conversation", "persona try STUDY --file -"), "standard input"
        )
    return tried_transcript(read_json(Path(file), SEE), Path(file))


def _of_tokens(found: Sequence[Tried], known: _Known, top: int) -> Iterator[tuple[Any, ...]]:
    for number, one in enumerate(found):
        for token, feature, activation in one.strongest(top):
            of = known[feature]
            yield number, token, one.pieces[token], feature, of.label, of.worth, activation, of.token_rate


def _of_texts(found: Sequence[Tried], known: _Known, top: int) -> Iterator[tuple[Any, ...]]:
    for number, one in enumerate(found):
        columns = zip(
            *(column.tolist() for column in (one.feature, one.mean, one.max, one.n_active)), strict=True
        )
        for feature, mean, highest, n_active in sorted(columns, key=lambda row: (-row[2], row[0]))[:top]:
            of, n_tokens = known[feature], len(one.pieces)
            share = n_active / n_tokens
            ratio = share / of.token_rate if of.token_rate else None
            yield (
                *(number, feature, of.label, of.worth, mean, highest, n_active, n_tokens, share),
                *(of.token_rate, ratio),
            )
