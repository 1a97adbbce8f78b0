"""Tokens as text. Tokens that split a character share one text, which stands at one of them."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from persona_assets.base.arrays import Flags, Floats, Ints, Singles
from persona_assets.extract.conversation import TokenIds

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

Decoded = Callable[[tuple[int, ...]], str]  # the text of tokens that follow each other

_PART = "\N{REPLACEMENT CHARACTER}"  # what a decoder makes of bytes that are no whole character
_JOINER = "\N{ZERO WIDTH JOINER}"
_LONGEST = 32  # tokens of one text; bytes that never make a character end there


@dataclass(frozen=True)
class Spelling:
    """What some texts' tokens say, decoded in place: the bytes of a character may lie in several tokens.

    `run`, int64[n_tokens]: where the run of tokens begins that a token shares its text with. `text`,
    int64[n_tokens]: that text's place in `texts`, of which the first is empty.
    """

    run: Ints
    text: Ints
    texts: list[str]

    @classmethod
    def of(cls, token_ids: TokenIds, starts: Ints, tokenizer: PreTrainedTokenizerBase) -> Spelling:
        """Return the spelling of texts that lie one after another; the text k begins at `starts[k]`."""
        decoded = decoder(tokenizer)
        unique, which = np.unique(token_ids, return_inverse=True)
        texts = ["", *(decoded((token,)) for token in unique.tolist())]
        run, text = np.arange(len(token_ids)), which.reshape(-1) + 1
        is_part = np.array([_PART in own for own in texts])[text]
        for start, stop in _stretches(is_part, starts):
            for first, end, shared in _characters(token_ids[start:stop].tolist(), decoded):
                run[start + first : start + end] = start + first
                text[start + first : start + end] = len(texts)
                texts.append(shared)
        return cls(run, text, texts)

    def pieces(self, at: Ints, window: Ints, weights: Floats | Singles) -> pa.Array:
        """Return the text of each token of `at`: joined they read as the text does.

        Where tokens of one `window` share a text, it stands at the one with the largest of `weights` (the
        first of equals), and the others are empty: what is said of the peak is said of the whole character.
        """
        text, run = self.text[at], self.run[at]
        shares = np.zeros(len(self.run) + 1, dtype=bool)
        shares[self.run[self.run != np.arange(len(self.run))]] = True
        several = np.flatnonzero(shares[run])
        order = several[np.lexsort((-weights[several], run[several], window[several]))]
        is_same = (np.diff(run[order]) == 0) & (np.diff(window[order]) == 0)
        text[order[1:][is_same]] = 0
        return pa.array(self.texts, pa.string()).take(pa.array(text))


def spelt(token_ids: TokenIds, tokenizer: PreTrainedTokenizerBase) -> list[str]:
    """Return the text of each token of one text; one that tokens share stands at the first of them."""
    at = np.arange(len(token_ids))
    spelling = Spelling.of(np.asarray(token_ids, np.int64), np.zeros(1, np.int64), tokenizer)
    return spelling.pieces(at, np.zeros_like(at), np.zeros(len(at))).to_pylist()


def decoder(tokenizer: PreTrainedTokenizerBase) -> Decoded:
    """Return a function that decodes tokens, a leading space kept.

    They are decoded after an anchor, whose text is cut off again: some decoders strip a first space.
    """
    anchor = tokenizer("a", add_special_tokens=False)["input_ids"]
    options = {"skip_special_tokens": False, "clean_up_tokenization_spaces": False}
    skip = len(tokenizer.decode(anchor, **options))

    @cache
    def decoded(tokens: tuple[int, ...]) -> str:
        return str(tokenizer.decode([*anchor, *tokens], **options)[skip:])

    return decoded


def _stretches(is_part: Flags, starts: Ints) -> Iterator[tuple[int, int]]:
    """Yield where tokens follow each other in one text that are no whole characters."""
    edges = np.zeros(len(is_part) + 1, dtype=bool)
    edges[starts] = True
    edges[1:-1] |= np.diff(is_part)
    edges[[0, -1]] = True
    places = np.flatnonzero(edges)
    for start, stop in zip(places[:-1].tolist(), places[1:].tolist(), strict=True):
        if is_part[start]:
            yield start, stop


def _characters(tokens: list[int], decoded: Decoded) -> Iterator[tuple[int, int, str]]:
    """Yield the shortest runs of `tokens` that make whole characters, each with its text.

    Runs whose texts are one character to the eye, such as the parts of an emoji, are one.
    """
    first, end, text = 0, 0, ""
    while end < len(tokens):
        stop, following = _whole(tokens, end, decoded)
        if text and not _goes_on(text, following):
            yield first, end, text
            first, text = end, ""
        end, text = stop, text + following
    if text:
        yield first, end, text


def _whole(tokens: list[int], start: int, decoded: Decoded) -> tuple[int, str]:
    """Return where the run ends that begins at `start`, and its text."""
    longest = min(len(tokens), start + _LONGEST)
    for stop in range(start + 1, longest + 1):
        text = decoded(tuple(tokens[start:stop]))
        if not text.endswith(_PART):
            return stop, text
    # Cut off before its end, a character is one mark; what was never one is told token by token.
    cut_off = decoded(tuple(tokens[start:longest]))
    stop = longest if cut_off == _PART else start + 1
    return stop, decoded(tuple(tokens[start:stop]))


def _goes_on(text: str, following: str) -> bool:
    """Return whether `following` belongs to the last character of `text`, as a person sees it."""
    if not following or text.endswith(_JOINER):
        return True
    mark = following[0]
    if _is_regional(mark):  # two of them are a flag
        return (len(text) - len(text.rstrip("".join(filter(_is_regional, set(text)))))) % 2 == 1
    is_skin = "\N{EMOJI MODIFIER FITZPATRICK TYPE-1-2}" <= mark <= "\N{EMOJI MODIFIER FITZPATRICK TYPE-6}"
    return mark == _JOINER or is_skin or unicodedata.category(mark) in ("Mn", "Me")


def _is_regional(mark: str) -> bool:
    return "\N{REGIONAL INDICATOR SYMBOL LETTER A}" <= mark <= "\N{REGIONAL INDICATOR SYMBOL LETTER Z}"
