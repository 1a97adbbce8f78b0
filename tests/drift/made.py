"""Conversations and codes made for tests."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.sparse import csr_array

from persona_assets.drift.codes import SpanCodes
from persona_assets.drift.transcript import Message, Transcript


def conversation(
    exchanges: Sequence[tuple[str, str]], system: str | None = None, name: str = "made"
) -> Transcript:
    """A conversation of (user, assistant) exchanges."""
    opening = [] if system is None else [Message("system", system)]
    said = [
        Message(role, text)
        for user, assistant in exchanges
        for role, text in (("user", user), ("assistant", assistant))
    ]
    return Transcript((*opening, *said), name)


def random_codes(lengths: Sequence[int], d_sae: int = 12, seed: int = 0, density: float = 0.3) -> SpanCodes:
    """Spans of these lengths, on each of whose tokens a random few of `d_sae` features fire."""
    rng = np.random.default_rng(seed)
    n_tokens = sum(lengths)
    dense = np.where(rng.random((n_tokens, d_sae)) < density, rng.gamma(2, size=(n_tokens, d_sae)), 0)
    return SpanCodes(
        spans=np.arange(len(lengths)),
        bounds=np.concatenate([[0], np.cumsum(lengths)]),
        token_ids=np.arange(n_tokens, dtype=np.int32),
        values=csr_array(dense.astype(np.float32)),
    )
