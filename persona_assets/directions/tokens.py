"""Single tokens as text, those too that are no whole character."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING

from persona_assets.extract.pieces import decoder

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

_BYTE = re.compile(r"<0x([0-9A-F]{2})>")  # how SentencePiece writes a byte
_PART = "\N{REPLACEMENT CHARACTER}"


def spelled(tokenizer: PreTrainedTokenizerBase, token_ids: Iterable[int]) -> list[str]:
    """Return each token's text, a leading space kept; bytes that are no whole character as `\\xe2`."""
    decoded = decoder(tokenizer)

    def spell(token_id: int) -> str:
        text = decoded((token_id,))
        raw = _bytes(tokenizer.convert_ids_to_tokens(token_id)) if _PART in text else None
        return text if raw is None else raw.decode("utf-8", "backslashreplace")

    known = {token_id: spell(token_id) for token_id in sorted(set(token_ids))}
    return [known[token_id] for token_id in token_ids]


def _bytes(token: str) -> bytes | None:
    """Return what a vocabulary's token stands for, if it is written as bytes."""
    if match := _BYTE.fullmatch(token):
        return bytes.fromhex(match[1])
    known = _bytes_of_characters()
    return bytes(known[one] for one in token) if all(one in known for one in token) else None


@cache
def _bytes_of_characters() -> dict[str, int]:
    """Return the byte that each character of a byte-level vocabulary stands for."""
    from transformers.convert_slow_tokenizer import bytes_to_unicode

    return {character: byte for byte, character in bytes_to_unicode().items()}
