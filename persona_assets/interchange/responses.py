"""Responses as JSON lines, and the table made of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from persona_assets.base.errors import StudyError
from persona_assets.base.jsonl import Record, checked_text, read_records, write_records
from persona_assets.generate.prompts import Key
from persona_assets.generate.stage import response_row
from persona_assets.interchange.identify import RoleKeys
from persona_assets.lake.schema import RESPONSES
from persona_assets.models.chat import ChatFormat
from persona_assets.models.control import answer_ids
from persona_assets.models.loading import load_tokenizer
from persona_assets.study.settings import ExtractionSettings
from persona_assets.study.template import AS_THE_MODEL_HAS_IT, Template

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


@dataclass(frozen=True)
class GivenResponse:
    """A response somebody brings; `where` is the `file:line` it comes from."""

    key: Key
    text: str
    where: str


def write_responses(file: Path, responses: pa.Table) -> None:
    """Write a role's responses (`schema.RESPONSES`, by response_id: variant-major, question-minor)."""
    write_records(file, (_line(row) for row in responses.to_pylist()))


def read_responses(file: Path, keys: RoleKeys) -> list[GivenResponse]:
    """The file's answers, in its order. Raises StudyError, naming file and line, for a row that is wrong."""
    answers = read_answers(read_records(file), keys, "response")
    if not answers:
        raise StudyError(f"{file}: holds no responses; remove the file, or get it again")
    return answers


def read_answers(records: Iterable[Record], keys: RoleKeys, text_key: str) -> list[GivenResponse]:
    """What each record answers, its text under `text_key`. Raises StudyError for one that answers again."""
    answers: dict[int, GivenResponse] = {}
    for record in records:
        answer = GivenResponse(keys.find(record), _said(record, text_key), record.where)
        earlier = answers.setdefault(answer.key.response_id, answer)
        if earlier is not answer:
            raise StudyError(
                f"{answer.where}: answers variant {answer.key.variant}, question {answer.key.question_id} "
                f"again, after {earlier.where}; remove one of the lines"
            )
    return list(answers.values())


def _said(record: Record, text_key: str) -> str:
    """The text of a response. Without `text_key` it is the last message of the `conversation`, if that is
    the assistant's. Raises StudyError where there is neither.
    """
    conversation = record.content.get("conversation")
    if text_key in record.content or not isinstance(conversation, list) or not conversation:
        return record.text(text_key)
    last = conversation[-1]
    if not isinstance(last, dict) or last.get("role") != "assistant":
        raise StudyError(f"{record.where}: the last message of `conversation` must be the assistant's")
    return checked_text(last.get("content"), f"{record.where}: `content` of the last message")


class Tokenization:
    """Gives imported text the ids that the extraction model reads; its tokenizer is loaded at first use.

    `date` is the day that the chat template is told.
    """

    def __init__(self, extraction: ExtractionSettings, template: Template = AS_THE_MODEL_HAS_IT) -> None:
        self._extraction = extraction
        self._template = template

    def table(self, answers: Iterable[GivenResponse]) -> pa.Table:
        """Return the answers as a table of `schema.RESPONSES`, by response_id."""
        ordered = sorted(answers, key=lambda answer: answer.key.response_id)
        return pa.Table.from_pylist([self._row(answer) for answer in ordered], schema=RESPONSES.schema)

    def _row(self, answer: GivenResponse) -> dict[str, Any]:
        key = answer.key
        names = (f"{answer.where}: variant {key.variant}", f"question {key.question_id}")
        prompt_ids = self._chat.prompt_ids(key.system_prompt, key.question, names)
        response_ids = answer_ids(self.tokenizer, answer.text, answer.where)
        return response_row(
            key, answer.text, prompt_ids, response_ids, token_source="tokenized", origin="imported"
        )

    @cached_property
    def tokenizer(self) -> PreTrainedTokenizerBase:
        """The extraction model's tokenizer."""
        return load_tokenizer(self._extraction.model, self._extraction.revision)

    @cached_property
    def _chat(self) -> ChatFormat:
        return ChatFormat(self.tokenizer, self._template)


def _line(row: Mapping[str, Any]) -> dict[str, Any]:
    system_prompt, question, response = row["system_prompt"], row["question"], row["response"]
    system = [] if system_prompt is None else [{"role": "system", "content": system_prompt}]
    return {
        "system_prompt": system_prompt or "",
        "question_id": row["question_id"],
        "question": question,
        "response": response,
        "conversation": [
            *system,
            {"role": "user", "content": question},
            {"role": "assistant", "content": response},
        ],
    }
