"""Tokens lit by how strongly a feature fires on them: as HTML, and cut to the sentence that matters."""

from __future__ import annotations

import html
from collections.abc import Sequence
from itertools import zip_longest
from typing import Any

SHOWN = 20  # rows
_ENDS = (".", "!", "?", "。", "！", "？")
_LONGEST = 300  # characters of a cell
_TOKENS, _STRENGTHS = "pieces", "activations"


def html_table(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """Return the first `SHOWN` of `rows` as an HTML table; a line below it says where there are more.

    Every text is escaped. Where an answer has both `pieces` and `activations`, as `top_responses` has, the
    pieces are lit by their activations over the largest of the row, which stand no more in a column.
    """
    lit = (
        _TOKENS in columns
        and _STRENGTHS in columns
        and all(_are_numbers(row[columns.index(_STRENGTHS)]) for row in rows)
    )
    shown = [place for place, name in enumerate(columns) if not (lit and name == _STRENGTHS)]
    head = "".join(f"<th>{html.escape(columns[place])}</th>" for place in shown)

    def cell(row: Sequence[Any], place: int) -> str:
        value = row[place]
        if lit and columns[place] == _TOKENS and isinstance(value, list):
            return _tokens(value, row[columns.index(_STRENGTHS)] or [])
        return _text(value)

    body = "".join(
        "<tr>" + "".join(f"<td>{cell(row, place)}</td>" for place in shown) + "</tr>" for row in rows[:SHOWN]
    )
    more = f"<p>the first {SHOWN} rows</p>" if len(rows) > SHOWN else ""
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{more}"


def sentence(pieces: Sequence[str], strengths: Sequence[float]) -> tuple[int, int]:
    """Return the first token and the one after the last of the sentence in which the strongest token lies.

    A sentence ends with a token that ends with a mark of `_ENDS` or a line, or where the window does.
    """
    peak = max(range(len(strengths)), key=lambda place: strengths[place])
    ends = [place for place, piece in enumerate(pieces) if _ends_a_sentence(piece)]
    first = max((place + 1 for place in ends if place < peak), default=0)
    last = min((place + 1 for place in ends if place >= peak), default=len(pieces))
    return first, last


def _ends_a_sentence(piece: str) -> bool:
    return "\n" in piece or piece.rstrip(' "”’)').endswith(_ENDS)


def _are_numbers(value: Any) -> bool:
    """Whether a cell is a list of numbers, or nothing at all."""
    return value is None or (
        isinstance(value, list) and all(isinstance(one, int | float | None) for one in value)
    )


def _tokens(pieces: Sequence[Any], strengths: Sequence[float | None]) -> str:
    most = max((strength for strength in strengths if strength), default=0) or 1

    def lit(piece: Any, strength: float | None) -> str:
        text = "" if piece is None else html.escape(str(piece))
        if not strength:
            return text
        style = f"background:rgb(255 140 0 / {strength / most:.2f})"
        return f'<span style="{style}" title="{strength:.4g}">{text}</span>'

    return "".join(lit(piece, strength) for piece, strength in zip_longest(pieces, strengths))


def _text(value: Any) -> str:
    if value is None:
        return ""
    text = f"{value:.4g}" if isinstance(value, float) else str(value)
    return html.escape(text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…")
