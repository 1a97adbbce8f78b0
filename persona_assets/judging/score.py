"""A score out of what a judge answers: out of its text, and out of the probabilities of its first token."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from persona_assets.generate.asked import after_thoughts


def score_in(text: str, scale: Collection[int]) -> int | None:
    """Return the first whole number of the text, after its thoughts if it has some; None if it is no score.

    So assistant-axis reads its judge's answers, too.
    """
    found = re.search(r"\b\d+\b", after_thoughts(text), re.ASCII)
    score = int(found[0]) if found and len(found[0]) < 10 else None
    return score if score in scale else None


def expected_score(likeliest: Mapping[str, float], scale: Collection[int]) -> tuple[float | None, float]:
    """Return the mean score by the probabilities of the scale's tokens, and those tokens' probability.

    The mean is None where none of them is among the likeliest. A token may bring a space along.
    """
    names = {str(score): score for score in scale}
    weights = [(names[text.strip()], p) for text, p in likeliest.items() if text.strip() in names]
    mass = min(sum(p for _, p in weights), 1.0)
    return (sum(score * p for score, p in weights) / mass if mass > 0 else None), mass
