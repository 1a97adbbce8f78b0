"""Where responses think, and where they answer: told from their tokens, and landed beside them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import pyarrow as pa

from persona_assets.lake.lake_file import LakeFile
from persona_assets.lake.schema import RESPONSE_SPANS
from persona_assets.models.thinking import Thinking
from persona_assets.stages.of_roles import RoleFiles

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


def land_spans(files: RoleFiles, responses: pa.Table, tokenizer: PreTrainedTokenizerBase) -> LakeFile | None:
    """Land where the role's fresh `responses` think and where they answer, unless that has landed.

    None where none of them thinks: then there is no file.
    """
    landed, made_from = files.file(RESPONSE_SPANS), files.fingerprint(RESPONSE_SPANS)
    if landed is not None or made_from is None or files.responses is None:
        return landed
    rows = span_rows(responses, tokenizer)
    if not rows:
        return None
    content = pa.Table.from_pylist(rows, schema=RESPONSE_SPANS.schema)
    lake = files.study.responses_owner.lake
    return lake.write(RESPONSE_SPANS, content, made_from, role=files.role, inputs=[files.responses])


def span_rows(responses: pa.Table, tokenizer: PreTrainedTokenizerBase) -> list[dict[str, object]]:
    """Return the rows of `RESPONSE_SPANS` of those responses that hold more than an answer."""
    thinking = Thinking.of(tokenizer)
    if thinking is None:
        return []
    identity = ("response_id", "variant", "question_id")
    rows: list[dict[str, object]] = []
    for one in responses.select([*identity, "prompt_token_ids", "response_token_ids"]).to_pylist():
        ids = one["response_token_ids"] or []
        spans = thinking.spans(one["prompt_token_ids"] or [], ids)
        if any(span.kind != "answer" for span in spans):
            rows += [
                {
                    **{name: one[name] for name in identity},
                    "span": number,
                    **span._asdict(),
                    "text": tokenizer.decode(ids[span.start : span.stop], skip_special_tokens=True).strip(),
                }
                for number, span in enumerate(spans)
            ]
    return rows


def n_without_answer(rows: Iterable[Mapping[str, object]]) -> int:
    """Return how many responses of `rows` (of `RESPONSE_SPANS`) end within their thinking."""
    told = [(row["response_id"], row["kind"]) for row in rows]
    return len({one for one, _ in told} - {one for one, kind in told if kind == "answer"})
