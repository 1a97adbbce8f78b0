"""What the model reads so that its SAE can be trained: its own answers in their chats, and general text."""

from __future__ import annotations

import ast
import hashlib
import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow.parquet as pq

from persona_assets.base.arrays import Int32s

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

PACKAGES = ("numpy", "scipy", "sympy", "sklearn", "pandas", "networkx")  # all under BSD-3-Clause
COLUMNS = ["response_id", "question_id", "prompt_token_ids", "response_token_ids"]
LENGTH = 256  # tokens of a piece of general text
PER_BLOCK = 128  # pieces
LONG_DOCSTRING = 600  # characters: shorter ones hardly hold a sentence
HELD_OUT_QUESTIONS = frozenset({5, 11})  # of every study: no answer to them is trained on
HELD_OUT_SHARE = 20  # one in so many pieces of general text


@dataclass(frozen=True)
class Text:
    """Token ids int32[n]; those from `answer` on are the model's own words (none of them: `len(ids)`)."""

    ids: Int32s
    answer: int


@dataclass(frozen=True)
class Block:
    """Texts that are read, kept and held out together; `source` says where they are from."""

    source: str
    held_out: bool
    texts: tuple[Text, ...]

    @property
    def key(self) -> str:
        """A name made of the token ids: 16 hex digits."""
        whole = hashlib.sha256()
        for text in self.texts:
            whole.update(np.append(text.ids, -1).astype("<i4").tobytes())
        return whole.hexdigest()[:16]

    @property
    def n_tokens(self) -> int:
        """How many tokens its texts have."""
        return sum(len(text.ids) for text in self.texts)

    @property
    def n_answered(self) -> int:
        """How many of them are the model's own words."""
        return sum(len(text.ids) - text.answer for text in self.texts)


def chats(study: Path) -> Iterator[Block]:
    """Yield the chats of a study's folder in a lake: a block per role, and one of what is held out of it."""
    for file in sorted(study.glob("responses/role=*/*.parquet")):
        rows = pq.read_table(file, columns=COLUMNS).to_pylist()
        for held_out in (False, True):
            chosen = [row for row in rows if (row["question_id"] in HELD_OUT_QUESTIONS) == held_out]
            if chosen:
                yield Block(f"chats of {study.name}", held_out, tuple(_chat(row) for row in chosen))


def _chat(row: dict[str, list[int]]) -> Text:
    prompt, response = row["prompt_token_ids"], row["response_token_ids"]
    return Text(np.asarray(prompt + response, np.int32), len(prompt))


def general(tokenizer: PreTrainedTokenizerBase, n_tokens: int) -> Iterator[Block]:
    """Yield about `n_tokens` tokens from the packages' docstrings, taken evenly, in blocks of one package."""
    share = n_tokens // len(PACKAGES)
    for package in PACKAGES:
        pieces = _pieces(tokenizer, "\n\n\n".join(docstrings(package)))
        step = max(1, len(pieces) * LENGTH // share)
        chosen = pieces[::step][: share // LENGTH]
        for held_out in (False, True):
            mine = [piece for place, piece in enumerate(chosen) if _is_held_out(place) == held_out]
            for start in range(0, len(mine), PER_BLOCK):
                texts = tuple(Text(piece, LENGTH) for piece in mine[start : start + PER_BLOCK])
                yield Block(f"docstrings of {package}", held_out, texts)


def _is_held_out(place: int) -> bool:
    return place % HELD_OUT_SHARE == HELD_OUT_SHARE - 1


def _pieces(tokenizer: PreTrainedTokenizerBase, text: str) -> list[Int32s]:
    ids = np.asarray(tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"], np.int32)
    return list(ids[: len(ids) // LENGTH * LENGTH].reshape(-1, LENGTH))


def docstrings(package: str) -> Iterator[str]:
    """Yield the long docstrings of an installed package, module by module, each once; nothing is imported."""
    spec = find_spec(package)
    assert spec is not None and spec.submodule_search_locations is not None, f"{package} is not installed"
    seen: set[str] = set()
    for file in sorted(Path(spec.submodule_search_locations[0]).rglob("*.py")):
        if {"test", "tests"}.isdisjoint(file.parts):
            for text in _docstrings_of(file):
                if len(text) >= LONG_DOCSTRING and text not in seen:
                    seen.add(text)
                    yield text


def _docstrings_of(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
            yield inspect.cleandoc(ast.get_docstring(node) or "")
