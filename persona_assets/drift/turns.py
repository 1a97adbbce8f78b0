"""The turns of a conversation in the space of drift, and the null of each."""

from __future__ import annotations

import numpy as np

from persona_assets.base.arrays import Ints
from persona_assets.drift.codes import SpanCodes, pool_ranges
from persona_assets.drift.crossfit import CrossFit
from persona_assets.drift.null import Null, answer_spans, draw_spans
from persona_assets.drift.reference import Reference
from persona_assets.drift.scores import scores
from persona_assets.drift.space import Points
from persona_assets.lake.schema.of_runs import DriftScore
from persona_assets.lake.schema.table import VARIANT_STRIDE
from persona_assets.study.settings import DriftSettings


def turn_points(codes: SpanCodes, reference: Reference, settings: DriftSettings) -> Points:
    """Return the turns' vectors in the space: each answer pooled over its own tokens."""
    return reference.space.points(
        pool_ranges(codes.values, [[bounds] for bounds in codes.ranges], settings.pooling)
    )


def null_of_turns(
    lengths: Ints,
    anchor_codes: SpanCodes,
    fit: CrossFit | None,
    reference: Reference,
    settings: DriftSettings,
) -> tuple[list[dict[DriftScore, Null]], float | None]:
    """Return of each turn the null of each score, and the axis's optimism, None where it is not known.

    The optimism is a mean over the spans; see `CrossFit`.
    """
    found, optimism = {}, []
    for n_tokens in np.unique(lengths).tolist():
        draws = draw_spans(anchor_codes, n_tokens, settings.null_draws, settings.seed)
        spans = [*draws, *answer_spans(anchor_codes, n_tokens, settings.seed)]
        points = reference.space.points(pool_ranges(anchor_codes.values, spans, settings.pooling))
        if fit is None:
            scored = scores(points, reference.target)
        else:
            first = np.searchsorted(anchor_codes.bounds, [ranges[0][0] for ranges in spans], side="right") - 1
            asked = anchor_codes.spans[first] % VARIANT_STRIDE
            scored = fit.scores(points, asked)
            optimism.append(fit.optimism(points, scored))
        n = len(draws)
        found[n_tokens] = {score: Null.of(values[:n], values[n:]) for score, values in scored.items()}
    whole = float(np.mean(optimism)) if optimism and settings.axis == "difference" else None
    return [found[n_tokens] for n_tokens in lengths.tolist()], whole
