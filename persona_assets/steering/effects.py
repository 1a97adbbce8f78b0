"""What targets do beyond their controls: effects with intervals over questions, and tests by rank."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from scipy import stats

from persona_assets.analysis.multiple import benjamini_hochberg
from persona_assets.analysis.significance import CONFIDENCE
from persona_assets.base.arrays import Floats

METRICS = {"kl": False, "readout": True, "loss": True}  # and whether they have two directions
_CONTROLS = ("feature", "direction")

Row = Mapping[str, Any]  # of INTERVENTION_READOUTS, or of new answers (`measuring.pairs`)


class Mean(NamedTuple):
    """The mean of a target over questions, with its interval; NaN of a single question."""

    effect: float
    low: float
    high: float


def mean_of(values: Floats) -> Mean:
    """Return the mean of `values`, one per question, with its interval by t (questions as a random sample).

    Values that are all the same do not tell how far others would lie from them: there is no interval.
    """
    if not len(values):
        return Mean(np.nan, np.nan, np.nan)
    effect, n = float(values.mean()), len(values)
    if n < 2 or (values == values[0]).all():
        return Mean(effect, np.nan, np.nan)
    half = float(stats.t.ppf((1 + CONFIDENCE) / 2, n - 1) * values.std(ddof=1) / np.sqrt(n))
    return Mean(effect, effect - half, effect + half)


def mean_of_positive(values: Floats) -> Mean:
    """Return the mean of `values` that are never below 0, and its interval, which is not either.

    It is `mean_of`'s on the logarithm of the mean (by the delta method).
    """
    effect, low, _ = mean_of(values)
    if np.isnan(low) or effect <= 0:
        return Mean(effect, np.nan, np.nan)
    apart = float(np.exp((effect - low) / effect))
    return Mean(effect, effect / apart, effect * apart)


def rank_p(effect: float, controls: Floats, two_sided: bool) -> float:
    """Return how likely one more control does as much: (1 + those that do) / (1 + all).

    Exact where the target is like a control: its rank among them is any with the same chance. A control
    that is NaN counts as one that does as much; NaN of a NaN, or without controls.
    """
    if not len(controls) or np.isnan(effect):
        return np.nan
    size, sizes = (abs(effect), np.abs(controls)) if two_sided else (effect, controls)
    return float((1 + np.count_nonzero(~(sizes < size))) / (1 + len(controls)))


def effects(readouts: Iterable[Row], metrics: Mapping[str, bool] = METRICS) -> list[dict[str, Any]]:
    """Return the rows of `INTERVENTION_EFFECTS`: each target against each kind of controls, by each metric.
    `metrics` says of each whether it has two directions.

    An effect that no answer tells of is left out, as the loss of answers of one token. A q is over the
    targets, roles and strengths of an intervention, metric by metric and kind by kind.
    """
    groups: dict[tuple[Any, ...], dict[tuple[Any, ...], list[Row]]] = defaultdict(lambda: defaultdict(list))
    for row in readouts:
        key = (row["intervention"], row["role"], row["operation"], row["strength"])
        groups[key][row["control"], row["target"], row["feature_id"]].append(row)
    found = [one for key, edits in groups.items() for one in _of_group(key, edits, metrics)]
    families: dict[tuple[str, str, str], list[dict[str, Any]]] = defaultdict(list)
    for one in found:
        families[one["intervention"], one["against"], one["metric"]].append(one)
    for family in families.values():
        for one, q in zip(family, benjamini_hochberg(np.array([one["p"] for one in family])), strict=True):
            one["q"] = q
    return found


def _of_group(
    key: tuple[Any, ...], edits: Mapping[tuple[Any, ...], Sequence[Row]], metrics: Mapping[str, bool]
) -> Iterator[dict[str, Any]]:
    intervention, role, operation, strength = key
    for metric, two_sided in metrics.items():
        values = {edit: _values(rows, metric) for edit, rows in edits.items()}
        means = {edit: mean_of(found) for edit, found in values.items()}
        for against in _CONTROLS:
            controls = np.array([mean.effect for (kind, *_), mean in means.items() if kind == against])
            if np.isnan(controls).all():
                continue
            spread = np.nanquantile(controls, [0.025, 0.5, 0.975])
            for (kind, target, feature_id), mean in means.items():
                if kind is None and not np.isnan(mean.effect):
                    yield {
                        "intervention": intervention,
                        "role": role,
                        "target": target,
                        "feature_id": feature_id,
                        "operation": operation,
                        "strength": strength,
                        "metric": metric,
                        **mean._asdict(),
                        "n_questions": len(values[kind, target, feature_id]),
                        "against": against,
                        "n_controls": len(controls),
                        **dict(zip(("control_low", "control_median", "control_high"), spread, strict=True)),
                        "p": rank_p(mean.effect, controls, two_sided),
                    }


def _values(rows: Sequence[Row], metric: str) -> Floats:
    values = np.array([row[metric] for row in rows], np.float64)
    return values[~np.isnan(values)]
