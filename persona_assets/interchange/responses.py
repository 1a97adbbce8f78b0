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
from persona_assets.interchange.identify import Key, RoleKeys
from persona_assets.lake.schema import RESPONSES
from persona_assets.models.chat import ChatFormat
from persona_assets.models.control import control_tokens
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
        """The answers as a table of `schema.RESPONSES`, by response_id."""
        ordered = sorted(answers, key=lambda answer: answer.key.response_id)
        return pa.Table.from_pylist([self._row(answer) for answer in ordered], schema=RESPONSES.schema)

    def _row(self, answer: GivenResponse) -> dict[str, Any]:
        key = answer.key
        names = (f"{answer.where}: variant {key.variant}", f"question {key.question_id}")
        prompt_ids = self._chat.prompt_ids(key.system_prompt, key.question, names)
        response_ids = self._response_ids(answer)
        return {
            "response_id": key.response_id,
            "variant": key.variant,
            "question_id": key.question_id,
            "system_prompt": key.system_prompt,
            "question": key.question,
            "response": answer.text,
            "prompt_token_ids": prompt_ids,
            "response_token_ids": response_ids,
            "token_source": "tokenized",
            "n_prompt_tokens": len(prompt_ids),
            "n_response_tokens": len(response_ids),
            "origin": "imported",
        }

    def _response_ids(self, answer: GivenResponse) -> list[int]:
        """The text's ids: what looks like a turn's end in it is text, and must not end the turn."""
        encoded = self._tokenizer(answer.text, add_special_tokens=False, split_special_tokens=True)
        ids = list(encoded["input_ids"])
        if not self._control.isdisjoint(ids):
            raise StudyError(
                f"{answer.where}: the response holds template-like text that the tokenizer of "
                f"{self._extraction.model} cannot take as text; remove it, or use a fast tokenizer"
            )
        return ids

    @cached_property
    def _tokenizer(self) -> PreTrainedTokenizerBase:
        return load_tokenizer(self._extraction.model, self._extraction.revision)

    @cached_property
    def _chat(self) -> ChatFormat:
        return ChatFormat(self._tokenizer, self._template)

    @cached_property
    def _control(self) -> set[int]:
        return set(control_tokens(self._tokenizer))


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
