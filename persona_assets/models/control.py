"""A model's control tokens: they end turns and open spans, and no text that is given may hold one."""

from __future__ import annotations

from collections.abc import Collection
from functools import lru_cache
from typing import TYPE_CHECKING

from persona_assets.base.errors import StudyError

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

    from persona_assets.models.thinking import Thinking


def control_tokens(tokenizer: PreTrainedTokenizerBase) -> dict[int, str]:
    """Return the model's control tokens by id: no text may hold one, and no answer but at its end.

    The token for what is unknown is none of them, unless it also ends or begins texts.
    """
    special = {token: text.content for token, text in tokenizer.added_tokens_decoder.items() if text.special}
    unknown = tokenizer.unk_token_id
    if unknown not in (tokenizer.bos_token_id, tokenizer.eos_token_id):
        special.pop(unknown, None)
    return special


def control_tokens_within(
    tokenizer: PreTrainedTokenizerBase, span_tokens: Collection[str], thinking: Thinking | None = None
) -> dict[int, str]:
    """Return the control tokens that a response may not hold: all but those of its own spans or channels.

    Those are `span_tokens`, and the marks by which `thinking` is told from answers.

    Raises StudyError where one of `span_tokens` is no token of the model.
    """
    control = control_tokens(tokenizer)
    added = {token.content for token in tokenizer.added_tokens_decoder.values()}
    for name in span_tokens:
        if name not in added:
            raise StudyError(
                f"extraction.span_tokens: the model has no token {name!r} of its own; "
                f"its control tokens: {', '.join(sorted(control.values()))[:200]}"
            )
    own = {*span_tokens, *(thinking.marks if thinking is not None else ())}
    return {token: text for token, text in control.items() if text not in own}


def answer_ids(tokenizer: PreTrainedTokenizerBase, text: str, where: str) -> list[int]:
    """Return the ids of an answer's text, in which what looks like a turn's end is text and ends nothing.

    Raises StudyError, beginning with `where`, if the tokenizer cannot take it as text.
    """
    ids = list(tokenizer(text, add_special_tokens=False, split_special_tokens=True)["input_ids"])
    if not _control(tokenizer).isdisjoint(ids):
        raise StudyError(
            f"{where}: the response holds template-like text that the model's tokenizer cannot take as text; "
            "remove it, or use a fast tokenizer"
        )
    return ids


@lru_cache(maxsize=1)
def _control(tokenizer: PreTrainedTokenizerBase) -> frozenset[int]:
    return frozenset(control_tokens(tokenizer))
