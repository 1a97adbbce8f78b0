"""Which of a role's answers are attributed, each as it follows the role's prompt, and the anchor's."""

from __future__ import annotations

import random
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import pyarrow as pa

from persona_assets.extract.conversation import Conversation, read_conversations
from persona_assets.lake.schema import VARIANT_STRIDE
from persona_assets.models.chat import ChatFormat
from persona_assets.study.settings import ExtractionSettings

_SEED = 0


@dataclass(frozen=True)
class Answer:
    """An answer after the role's own prompt (`own`), and the same tokens after the anchor's (`beside`)."""

    own: Conversation
    beside: Conversation

    @property
    def is_the_same(self) -> bool:
        """Whether the two prompts are one."""
        return self.own.token_ids.tolist() == self.beside.token_ids.tolist()


def some_questions(responses: pa.Table, beside: pa.Table, n: int) -> list[int]:
    """Return at most `n` of the questions that both were asked, drawn by lot, by their numbers."""
    asked = [set(table["question_id"].to_pylist()) for table in (responses, beside)]
    shared = sorted(asked[0] & asked[1])
    return sorted(random.Random(_SEED).sample(shared, min(n, len(shared))))


def read_answers(
    responses: pa.Table,
    beside: pa.Table,
    questions: Collection[int],
    chat: ChatFormat,
    settings: ExtractionSettings,
    context: int | None,
) -> list[Answer]:
    """Return the answers of `responses` (columns of `schema.RESPONSES`) to `questions`.

    The anchor's prompt is that of its response of the same id, of the table `beside`. Left out are answers
    without one, and those that are not pooled, after whichever prompt.
    """
    prompts = dict(
        zip(beside["response_id"].to_pylist(), beside["prompt_token_ids"].to_pylist(), strict=True)
    )
    rows = [
        row
        for row in responses.select(_COLUMNS).to_pylist()
        if row["response_id"] in prompts and row["response_id"] % VARIANT_STRIDE in questions
    ]
    own = _read(rows, chat, settings, context)
    moved = [row | {"prompt_token_ids": prompts[row["response_id"]]} for row in rows]
    pairs = zip(own, _read(moved, chat, settings, context), strict=True)
    answers = [Answer(*pair) for pair in pairs if all(one.excluded_reason is None for one in pair)]
    return [one for one in answers if one.own.n_selected == one.beside.n_selected and one.own.start > 0]


_COLUMNS = ["response_id", "prompt_token_ids", "response_token_ids"]


def _read(
    rows: Sequence[dict[str, object]], chat: ChatFormat, settings: ExtractionSettings, context: int | None
) -> list[Conversation]:
    """Return the conversations, of which the response's own tokens are selected, or its answer's."""
    types = {"response_id": pa.int32(), **dict.fromkeys(_COLUMNS[1:], pa.list_(pa.int32()))}
    table = pa.Table.from_pylist(list(rows), schema=pa.schema(list(types.items())))
    return read_conversations(table, chat, "response_only", context, settings.span_tokens, settings.spans)
