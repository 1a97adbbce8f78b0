"""From codes to tables: everything that is said of a run, computed without the model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from persona_assets.base.arrays import Floats
from persona_assets.drift.codes import SpanCodes
from persona_assets.drift.confounds import CONFOUNDS, confounds, worst
from persona_assets.drift.crossfit import CrossFit
from persona_assets.drift.held import AS_IT_IS, Held
from persona_assets.drift.localize import scaled
from persona_assets.drift.null import Null, lowest_p
from persona_assets.drift.played_axis import PlayedAxis, not_measured
from persona_assets.drift.reference import Reference
from persona_assets.drift.scores import nearest, scores
from persona_assets.drift.space import Points
from persona_assets.drift.transcript import Transcript
from persona_assets.drift.transitions import Transition, transition, whole
from persona_assets.drift.turns import null_of_turns, turn_points
from persona_assets.extract.pieces import Spelling
from persona_assets.lake.schema import (
    DRIFT_FEATURES,
    DRIFT_RUNS,
    DRIFT_TOKENS,
    DRIFT_TRANSITIONS,
    DRIFT_TURNS,
    SCORES,
)
from persona_assets.lake.schema.of_runs import DriftScore
from persona_assets.study.settings import DriftSettings

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

Scored = dict[DriftScore, Floats]


@dataclass(frozen=True)
class Reading:
    """A conversation of `n_tokens` as `model` and `sae` read it: what fires in its answers.

    It is `held` where that is under a cap; `answered_of` is the run whose user was answered again in it.
    """

    transcript: Transcript
    codes: SpanCodes
    n_tokens: int
    sae: str
    model: str
    held: Held | None = None
    answered_of: str | None = None


def measure(
    reading: Reading,
    anchor_codes: SpanCodes,
    fit: CrossFit | None,
    reference: Reference,
    settings: DriftSettings,
    tokenizer: PreTrainedTokenizerBase,
    played: PlayedAxis | None = None,
) -> dict[str, pa.Table]:
    """Return the tables of a run by name. `anchor_codes` are those of the anchor's responses, `fit` what
    scores them without their own questions; `played` measures once more.
    """
    codes = reading.codes
    points = turn_points(codes, reference, settings)
    scored = scores(points, reference.target)
    null, optimism = null_of_turns(codes.lengths, anchor_codes, fit, reference, settings)
    of_turns, of_run = not_measured(len(points))
    if played is not None:
        of_turns, of_run = played.measured(codes, anchor_codes, settings)
    has_features = settings.space == "sae"
    n_active = points.n_active.tolist() if has_features else [None] * len(points)
    of_turns = {**of_turns, "n_active_features": n_active}
    turns = turns_table(codes, points, scored, null, reference, reading.transcript.turns, of_turns)
    of_run["p"] = lowest_p(zip([turn[settings.score] for turn in null], scored[settings.score], strict=True))
    transitions, features = transition_tables(
        points, scored, reference.target.axis, has_features=has_features
    )
    return {
        DRIFT_TURNS.name: turns,
        DRIFT_TRANSITIONS.name: transitions,
        DRIFT_FEATURES.name: features,
        DRIFT_TOKENS.name: tokens_table(codes, reference, tokenizer),
        DRIFT_RUNS.name: runs_table(reading, turns, reference, settings, of_run, optimism),
    }


def turns_table(
    codes: SpanCodes,
    points: Points,
    scored: Scored,
    null: list[dict[DriftScore, Null]],
    reference: Reference,
    messages: list[int],
    besides: Mapping[str, Any],
) -> pa.Table:
    """`DRIFT_TURNS`; `messages` says where in the conversation each turn stands, `besides` are columns."""
    columns: dict[str, Any] = {
        **besides,
        "turn": codes.spans,
        "message": messages,
        "n_tokens": codes.lengths,
        "norm": points.unscaled_lengths,
        "nearest_roles": [
            [{"role": reference.roles[row], "cosine": cosine} for row, cosine in roles]
            for roles in nearest(points, reference.target.roles)
        ],
    }
    for score in SCORES:
        columns[score] = _known(scored[score])
        of_turns = [(turn[score], float(value)) for turn, value in zip(null, scored[score], strict=True)]
        columns[f"{score}_low"] = _known(np.array([turn.low for turn, _ in of_turns]))
        columns[f"{score}_high"] = _known(np.array([turn.high for turn, _ in of_turns]))
        columns[f"{score}_p"] = [turn.p(value) for turn, value in of_turns]
        columns[f"{score}_run_low"] = [turn.run_low(len(null)) for turn, _ in of_turns]
    return DRIFT_TURNS.of(columns)


def transition_tables(
    points: Points, scored: Scored, axis: Floats, *, has_features: bool = True
) -> tuple[pa.Table, pa.Table]:
    """`DRIFT_TRANSITIONS` and `DRIFT_FEATURES`: one transition fewer than turns.

    Of dimensions that are no features there is only the change as a whole.
    """
    rows, features = [], [DRIFT_FEATURES.schema.empty_table()]
    for turn in range(1, len(points)):
        before, after = (points.dense(one) for one in (turn - 1, turn))
        change = transition(before, after, axis) if has_features else whole(before, after, axis)
        rows.append(
            {
                "turn": turn,
                "previous_turn": turn - 1,
                **{
                    f"delta_{score}": _number(scored[score][turn] - scored[score][turn - 1])
                    for score in SCORES
                },
                "toward_mass": change.toward_mass,
                "away_mass": change.away_mass,
                "n_features": len(change.feature_id),
            }
        )
        features.append(_features(turn, change))
    return pa.Table.from_pylist(rows, schema=DRIFT_TRANSITIONS.schema), pa.concat_tables(features)


def tokens_table(codes: SpanCodes, reference: Reference, tokenizer: PreTrainedTokenizerBase) -> pa.Table:
    """`DRIFT_TOKENS`: each token of each answer, alone in the space, on the axis."""
    projection = reference.space.points(codes.values).along(reference.target.axis)
    turn = np.repeat(codes.spans, codes.lengths)
    spelling = Spelling.of(codes.token_ids, codes.bounds[:-1], tokenizer)
    columns = {
        "turn": turn,
        "token": np.arange(len(projection)) - np.repeat(codes.bounds[:-1], codes.lengths),
        "token_id": codes.token_ids,
        "piece": spelling.pieces(np.arange(len(turn)), turn, np.abs(projection)),
        "projection": projection,
        "scaled": np.concatenate([scaled(projection[start:stop]) for start, stop in codes.ranges]),
    }
    return DRIFT_TOKENS.of(columns)


def runs_table(
    reading: Reading,
    turns: pa.Table,
    reference: Reference,
    settings: DriftSettings,
    besides: Mapping[str, Any],
    optimism: float | None,
) -> pa.Table:
    """`DRIFT_RUNS`: how the run was measured, and what else goes with its score; `besides` are columns."""
    held = reading.held
    found = confounds({name: _column(turns, name) for name in (settings.score, *CONFOUNDS)}, settings.score)
    row = {
        "name": held.name(reading.transcript) if held else reading.transcript.name,
        "sensitive": reading.transcript.sensitive,
        "sae": reading.sae,
        "model": reading.model,
        "n_tokens": reading.n_tokens,
        "anchor": reference.anchor,
        "pooling": settings.pooling,
        "transform": settings.transform,
        "centered": settings.centering,
        "l2_normalized": settings.l2_normalize,
        "space": settings.space,
        "axis": settings.axis,
        "axis_cosine": reference.axis_cosine,
        "n_roles": len(reference.roles),
        "compared_with": reference.compared_with,
        "score": settings.score,
        "n_turns": turns.num_rows,
        "n_draws": settings.null_draws,
        **besides,
        **(held.columns() if held else AS_IT_IS),
        "answered_of": reading.answered_of,
        "axis_optimism": optimism,
        **{f"confound_{name}": r for name, r in found.items()},
        "confound_verdict": worst(found.values(), turns.num_rows),
        "conversation": reading.transcript.plain,
    }
    return pa.Table.from_pylist([row], schema=DRIFT_RUNS.schema)


def _features(turn: int, change: Transition) -> pa.Table:
    columns = {
        "turn": np.full(len(change.feature_id), turn),
        "feature_id": change.feature_id,
        "delta": change.delta,
        "weight": change.weight,
        "contribution": change.contribution,
        "share_of_change": change.share_of_change,
        "share_of_away": change.share_of_away,
        "direction": np.where(change.delta > 0, "activated", "deactivated"),
        "effect": pa.array(
            np.where(change.contribution > 0, "toward", "away"), mask=change.contribution == 0
        ),
        "rank_by_contribution": change.rank_by_contribution,
        "rank_by_change": change.rank_by_change,
    }
    return DRIFT_FEATURES.of(columns)


def _known(values: Floats) -> pa.Array:
    """Numbers, NULL where there is none."""
    return pa.array(values, mask=~np.isfinite(values))


def _number(value: Any) -> float | None:
    return float(value) if np.isfinite(value) else None


def _column(table: pa.Table, name: str) -> Floats:
    return table[name].to_numpy().astype(np.float64)  # NULL becomes NaN
