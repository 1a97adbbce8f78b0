"""Texts that strangers wrote, made harmless: they are shown and searched, never interpreted."""

from __future__ import annotations

import unicodedata

MAX_DESCRIPTION = 2_000  # characters
MAX_NAME = 200

# They turn the text around them, so that a reader sees another text than the one that is there.
_BIDI_CONTROLS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_NOT_TEXT = frozenset({"Cc", "Cs", "Cn"})  # control characters, halves of surrogate pairs, unassigned


def cleaned(text: str, longest: int = MAX_DESCRIPTION) -> str:
    """`text` composed (NFC), in one line, without control characters, of at most `longest` characters.

    What is cut off is marked by an ellipsis. May be empty.
    """
    # Composing takes time in the text's length, which is a stranger's choice.
    composed = unicodedata.normalize("NFC", text[: 4 * longest])
    kept = "".join(character for character in composed if character.isspace() or _is_text(character))
    line = " ".join(kept.split())
    return line if len(line) <= longest else line[: longest - 1].rstrip() + "…"


def _is_text(character: str) -> bool:
    return character not in _BIDI_CONTROLS and unicodedata.category(character) not in _NOT_TEXT
