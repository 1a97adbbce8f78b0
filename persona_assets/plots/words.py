"""Words in pictures: strangers wrote some of them, and the room is small."""

from __future__ import annotations

import textwrap

from persona_assets.base.text import cleaned

LONGEST_LABEL = 160  # characters


def literally(text: str, longest: int = LONGEST_LABEL) -> str:
    """`text` in one line of at most `longest` characters, to be drawn as it is: never as mathematics."""
    return cleaned(text, longest).replace("$", r"\$")


def wrapped(text: str, width: int) -> str:
    """`text` in lines of at most `width` characters, broken inside a word only where one is longer."""
    return "\n".join(textwrap.wrap(text, width)) or text
