"""The study's own contrasts: what is said of each feature, and of each contrast in whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
import pyarrow as pa
from scipy.special import ndtri

from persona_assets.analysis.contrasts import MIN_EXPECTED, MIN_FIRED
from persona_assets.analysis.design import RoleSource, read_design
from persona_assets.analysis.group_errors import GroupEffects, between_units, group_effects
from persona_assets.analysis.group_rates import group_rates, tokens_of
from persona_assets.analysis.group_sums import Range, Summing, Sums, read_ranges
from persona_assets.analysis.layout import Layout, layout
from persona_assets.analysis.multiple import benjamini_hochberg
from persona_assets.analysis.significance import beyond, fisher, reach, student
from persona_assets.base.ahead import ahead
from persona_assets.base.arrays import Flags, Floats
from persona_assets.base.blas import one_blas_thread
from persona_assets.base.progress import Progress
from persona_assets.lake.schema import CONTRAST_FEATURES, CONTRAST_GROUPS, CONTRASTS
from persona_assets.study.contrasts import Groups

_Columns = dict[str, Floats]
_LEVEL = 0.05
_AT_ONCE = 2  # contrasts: each holds up to 618 MB, of 275 roles' answers, and a core would not bound that


@one_blas_thread()
def own_contrasts(
    groups: Mapping[str, Groups],
    sources: Sequence[RoleSource],
    d_sae: int,
    *,
    aligned: bool,
    smallest_effect: float,
    progress: Progress | None = None,
) -> dict[str, pa.Table]:
    """Return the tables of `schema.CONTRAST_TABLES` by name, in one reading of the roles.

    `aligned` says whether all roles are asked the same questions; `progress` is told how many features are
    done. Raises StudyError where a file is damaged, or a role has no pooled response.
    """
    sources = sorted(sources, key=lambda source: source.role)
    design = read_design(sources)
    layouts = {name: layout(one, design, aligned=aligned) for name, one in groups.items()}
    whole = {name: one for name, one in layouts.items() if one.n_units.all()}
    summing = [Summing(one, tokens_of(one, design)) for one in whole.values()]
    found: dict[str, list[_Columns]] = {name: [] for name in whole}
    with ThreadPoolExecutor(_AT_ONCE) as threads:
        for part in ahead(read_ranges(sources, design, d_sae)):
            columns = threads.map(partial(_of_features, part=part), summing)
            for name, of_contrast in zip(whole, columns, strict=True):
                found[name].append(of_contrast)
            if progress is not None:
                progress(part.stop, d_sae)
    features = {name: _finished(name, parts, smallest_effect) for name, parts in found.items()}
    empty = CONTRAST_FEATURES.schema.empty_table()
    rows = [_in_whole(name, groups[name], one, features.get(name, empty)) for name, one in layouts.items()]
    return {
        CONTRAST_GROUPS.name: pa.concat_tables([_units(name, one) for name, one in layouts.items()]),
        CONTRAST_FEATURES.name: pa.concat_tables([empty, *features.values()]).unify_dictionaries(),
        CONTRASTS.name: pa.Table.from_pylist(rows, schema=CONTRASTS.schema),
    }


def _of_features(summing: Summing, part: Range) -> _Columns:
    """Return the columns of the features of a range that fire in either group."""
    of, summed = summing.layout, summing.of(part)
    known = group_effects(of, summed)
    n, fired = of.n_responses, summed.fired
    auroc, auroc_error, auroc_df, inflation, units = _auroc(of, summed, known)
    small = int(np.argmin(n))  # the group in which less is expected
    seldom = fired.sum(axis=1) * n[small] < MIN_EXPECTED * n.sum()
    unsure = seldom & (fired[:, small] < MIN_FIRED)
    p = _p_values(known, inflation, seldom, fired[:, small], fired.sum(axis=1), (int(n[small]), int(n.sum())))
    with np.errstate(invalid="ignore"):
        half = np.where(unsure, np.nan, reach(known.df.astype(np.float32)) * known.error)
    of_unit = (summed.units / (of.asked > 0).sum(axis=1)).T
    means = [np.abs(of.weights[of.side_of == side]) @ of_unit[of.side_of == side] for side in (0, 1)]
    own = units[of.side_of == 0]
    with np.errstate(invalid="ignore"):
        columns = {
            "feature_id": part.start + np.arange(len(p)),
            "mean_group": means[0],
            "mean_against": means[1],
            "firing_rate_group": fired[:, 0] / n[0],
            "firing_rate_against": fired[:, 1] / n[1],
            "share": means[0] / (means[0] + means[1]),
            "effect": known.effect,
            "effect_low": known.effect - half,
            "effect_high": known.effect + half,
            "auroc": auroc,
            "auroc_error": np.where(unsure, np.nan, auroc_error),
            "auroc_df": auroc_df,
            "p": p,
            "min_unit_auroc": own.min(axis=0),
            "n_units_agree": ((np.sign(own - 0.5) == np.sign(auroc - 0.5)) & (auroc != 0.5)).sum(axis=0),
            **group_rates(of, summed, summing.tokens, seldom),
        }
    alive = fired.any(axis=1)
    return {name: values[alive] for name, values in columns.items()}


def _p_values(
    known: GroupEffects, inflation: Floats, seldom: Flags, fired: Floats, in_all: Floats, n: tuple[int, int]
) -> Floats:
    """Return p of the effects, or, where features fire `seldom`, of the smaller group's `fired` responses.

    `n` are the responses of the smaller group, and of both.
    """
    df = known.df.astype(np.float32)
    with np.errstate(invalid="ignore", divide="ignore"):
        p = np.where(known.error > 0, student(known.effect, known.error.astype(np.float32), df), np.nan)
        exact = fisher(fired[seldom].astype(np.int64), n[0], in_all[seldom].astype(np.int64), n[1])
        score = ndtri(exact / 2)
        p[seldom] = student(score, np.sqrt(inflation[seldom]).astype(np.float32), df[seldom])
    return p


def _auroc(of: Layout, part: Sums, known: GroupEffects) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    """Return AUROC, its standard error and degrees of freedom, the inflation, and the units' AUROCs.

    A response's placement is the share of the other group's that have less. The variance of AUROC is that
    of the units' mean placements, or, where it is larger, that of single responses' (DeLong 1988) times how
    much larger the effect's is than one of single responses, as units that repeat each other make it.
    """
    n, by_place = of.n_responses, of.by_place
    others = n[::-1]
    total = part.placed.sums.reshape(2, by_place.shape[1], -1)
    units = (
        total.reshape(by_place.size, -1)[of.place_of]
        / (by_place.flat[of.place_of] * others[of.side_of])[:, None]
    )
    placed = total.sum(axis=1) / (n * others)[:, None]  # [2, n_features]
    spread = np.maximum(part.placed.squares / (n * others.astype(float) ** 2)[:, None] - placed**2, 0)
    # Two responses more, one placed lowest and one highest: an interval even where no two groups overlap.
    single = ((spread + (placed**2 + (1 - placed) ** 2) / n[:, None]) / n[:, None]).sum(axis=0)
    means = part.values / n
    raw = (np.maximum(part.value_squares / n - means**2, 0) / n).sum(axis=1)
    between, df = between_units(of, units)
    with np.errstate(invalid="ignore", divide="ignore"):
        of_effect = np.where(raw > 0, known.error**2 / raw, 1.0)
        variance = np.maximum(between, single * of_effect)
        df = np.where(between >= single * of_effect, df, known.df)
        inflation = np.maximum(variance / single, 1)
    return placed[0], np.sqrt(variance), df, inflation, units


def _finished(name: str, parts: list[_Columns], smallest: float) -> pa.Table:
    """Return the rows of `CONTRAST_FEATURES` of a contrast, with what needs all of its features."""
    of = {key: np.concatenate([part[key] for part in parts]) for key in parts[0]}
    error, df = of.pop("auroc_error"), of.pop("auroc_df")
    df = df.astype(np.float32)
    half = reach(df) * error
    relevant = beyond(of["auroc"] - 0.5, smallest, error, df)
    return CONTRAST_FEATURES.of(
        {
            "contrast": pa.DictionaryArray.from_arrays(np.zeros(len(df), np.int32), [name]),
            **of,
            "auroc_low": np.maximum(of["auroc"] - half, 0),
            "auroc_high": np.minimum(of["auroc"] + half, 1),
            "q": benjamini_hochberg(of["p"]),
            "p_relevant": relevant,
            "q_relevant": benjamini_hochberg(relevant),
            "rate_q": benjamini_hochberg(of["rate_p"]),
        }
    )


def _in_whole(name: str, groups: Groups, of: Layout, features: pa.Table) -> dict[str, object]:
    columns = ("effect", "q", "q_relevant")
    effect, q, relevant = (features[one].to_numpy().astype(float) for one in columns)
    group, against = (int(n) for n in of.n_units)
    return {
        "contrast": name,
        "kind": groups.kind,
        "unit": of.unit,
        "crossed": of.crossed,
        "n_group": group,
        "n_against": against,
        "n_responses_group": int(of.n_responses[0]),
        "n_responses_against": int(of.n_responses[1]),
        "n_more": int(((q < _LEVEL) & (effect > 0)).sum()),
        "n_less": int(((q < _LEVEL) & (effect < 0)).sum()),
        "n_relevant": int((relevant < _LEVEL).sum()),
        "note": _note(groups, of),
    }


def _note(groups: Groups, of: Layout) -> str | None:
    """Return what cannot be told of a contrast, and why."""
    group, against = of.n_units
    missing = [side for side, n in (("the group", group), ("the other group", against)) if not n]
    if missing:
        return f"{missing[0]} has no responses yet: nothing is compared"
    one = of.unit
    if group == against == 1:
        return f"one {one} against one: nothing tells how much {one}s differ, so there is no interval, p or q"
    if groups.kind == "roles" and one == "wording":
        return "one role against one: units are their wordings; it says nothing of roles like these"
    if 1 in (group, against) and len(set(of.block_of)) == 1:
        where = "the group" if group == 1 else "the other group"
        return f"{where} has one {one}: it is taken to vary as those of the other do"
    return None


def _units(name: str, of: Layout) -> pa.Table:
    rows = [
        {
            "contrast": name,
            "side": ("group", "against")[unit.side],
            "role": unit.role,
            "variant": unit.variant,
            "question_id": unit.question_id,
            "n_responses": int(n),
        }
        for unit, n in zip(of.units, of.asked.sum(axis=1), strict=True)
    ]
    return pa.Table.from_pylist(rows, schema=CONTRAST_GROUPS.schema)
