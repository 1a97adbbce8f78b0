"""Where answers lie on the drift axis that nobody lands: a projection each, as a turn's, and its tokens'."""

from __future__ import annotations

from dataclasses import dataclass

from persona_assets.base.arrays import Floats
from persona_assets.drift.codes import SpanCodes
from persona_assets.drift.crossfit import CrossFit
from persona_assets.drift.reference import Reference
from persona_assets.drift.turns import null_of_turns, turn_points
from persona_assets.study.settings import DriftSettings


@dataclass(frozen=True)
class Placed:
    """An answer's projection on the axis, and that of each of its tokens alone, float64[n_tokens].

    From `low` to `high` lie 95% of spans of as many tokens of the anchor's own answers, and `p` is the share
    of these answers that lie as low; None where they are not known.
    """

    projection: float
    low: float | None
    high: float | None
    p: float | None
    tokens: Floats


def placed(
    codes: SpanCodes,
    anchor_codes: SpanCodes | None,
    fit: CrossFit | None,
    reference: Reference,
    settings: DriftSettings,
) -> list[Placed]:
    """Return where each of the answers lies; without `anchor_codes` nothing is known of its null."""
    axis = reference.target.axis
    projection = turn_points(codes, reference, settings).along(axis).tolist()
    tokens = reference.space.points(codes.values).along(axis)
    of_tokens = [tokens[start:stop] for start, stop in codes.ranges]
    if anchor_codes is None:
        return [Placed(one, None, None, None, of) for one, of in zip(projection, of_tokens, strict=True)]
    null, _ = null_of_turns(codes.lengths, anchor_codes, fit, reference, settings)
    known = [of_turn["projection"] for of_turn in null]
    return [
        Placed(one, of_null.low, of_null.high, of_null.p(one), of)
        for one, of_null, of in zip(projection, known, of_tokens, strict=True)
    ]
