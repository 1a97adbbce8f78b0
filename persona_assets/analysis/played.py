"""The stage `played`: roles compared once more, by the answers alone that play their role."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
from scipy.special import stdtrit

from persona_assets.analysis.design import RoleSource, read_design, role_sources
from persona_assets.analysis.significance import CONFIDENCE, wilson
from persona_assets.analysis.statistics import compare_and_describe
from persona_assets.base.arrays import Floats, Ints
from persona_assets.base.progress import Progress
from persona_assets.base.queries import query
from persona_assets.lake.lake_file import LakeFile
from persona_assets.lake.parquet import Content
from persona_assets.lake.schema import (
    JUDGEMENTS,
    PLAYED_CONTRASTS,
    PLAYED_FEATURES,
    PLAYED_ROLES,
    PLAYED_TABLES,
    VARIANT_STRIDE,
    Table,
)
from persona_assets.lake.schema.of_judges import RATING
from persona_assets.models.sae import sae_width
from persona_assets.stages.across_roles import AcrossRoles
from persona_assets.study.settings import AnalysisSettings


@dataclass(frozen=True)
class Played:
    """Which of a role's pooled answers play it: `response_ids` int64[n]; all of the anchor's.

    `n_rated` of the `n_pooled` have a rating. `by_wording` int64[2, n_wordings] counts, for each wording
    that has rated answers, those that play the role and all of them.
    """

    role: str
    n_pooled: int
    n_rated: int
    response_ids: Ints
    by_wording: Ints
    takes_part: bool


def compare_played(across: AcrossRoles, sae: str, *, progress: Progress | None = None) -> dict[str, LakeFile]:
    """Return the files of `PLAYED_TABLES`: found, or made now.

    The anchor plays nothing and takes part with all of its answers; any other role with those rated
    `analysis.min_score` at least, if it has `min_responses` of them. Raises StudyError as `compare_roles`.
    """
    made_from = across.made_from_two(PLAYED_ROLES, sae)
    study, lake = across.study, across.study.lake
    if (found := across.files(PLAYED_TABLES, sae)) is not None:
        return found
    compared = across.compared(sae)
    judged = [file for role in compared if (file := across.roles[role].file(JUDGEMENTS)) is not None]
    inputs = [*(file for files in compared.values() for file in files), *judged]
    lake.check(inputs)
    all_sources = {source.role: source for source in role_sources(lake, compared)}
    roles = [played_answers(across, all_sources[role]) for role in compared]
    taking_part = [one for one in roles if one.takes_part]
    contents: dict[Table, Content] = {
        table: table.schema.empty_table() for table in (PLAYED_FEATURES, PLAYED_CONTRASTS)
    }
    if taking_part:
        sources = [replace(all_sources[one.role], only=one.response_ids) for one in taking_part]
        d_sae = sae_width(study.settings.extraction.saes[sae])
        contents[PLAYED_CONTRASTS], contents[PLAYED_FEATURES] = compare_and_describe(
            sources,
            d_sae,
            aligned=across.aligned,
            smallest_effect=study.settings.analysis.smallest_effect,
            progress=progress,
        )
    return across.land({PLAYED_ROLES: played_roles(roles), **contents}, made_from, sae, inputs)


def played_roles(roles: list[Played]) -> pa.Table:
    """Return `schema.PLAYED_ROLES`."""
    shares = [share_interval(*one.by_wording) for one in roles]
    return PLAYED_ROLES.of(
        {
            "role": [one.role for one in roles],
            "n_responses": [one.n_pooled for one in roles],
            "n_rated": [one.n_rated for one in roles],
            "n_played": [len(one.response_ids) for one in roles],
            "share": [share for share, _, _ in shares],
            "share_low": [low for _, low, _ in shares],
            "share_high": [high for _, _, high in shares],
            "takes_part": [one.takes_part for one in roles],
        }
    )


def share_interval(n_played: Ints, n_rated: Ints) -> tuple[float, float, float]:
    """Return the share that plays the role and its 95% interval, with wordings as a random sample.

    Wilson's, of as many independent answers as would vary like the wordings' shares (int64[n_wordings] each),
    by Student's t. NaN where nothing is rated, and an interval of one wording has answers for its sample.
    """
    n, n_wordings = int(n_rated.sum()), len(n_rated)
    if n == 0:
        return np.nan, np.nan, np.nan
    share = float(n_played.sum() / n)
    if n_wordings == 1:
        return share, *wilson(share, n)
    weights = n_rated / n
    squares = float((weights**2 * (n_played / n_rated - share) ** 2).sum()) * n_wordings / (n_wordings - 1)
    binomial = share * (1 - share) / n
    if squares <= binomial:
        return share, *wilson(share, n)
    reach = float(stdtrit(n_wordings - 1, (1 + CONFIDENCE) / 2))
    return share, *wilson(share, n * binomial / squares, reach)


def played_answers(across: AcrossRoles, source: RoleSource) -> Played:
    """Return which of a role's answers play it."""
    role, settings = source.role, across.study.settings.analysis
    ids = read_design([source]).response_ids
    rated, ratings = _ratings(across, role, settings)
    known = np.isin(rated, ids)
    rated, ratings = rated[known], ratings[known]
    plays = ratings >= float(settings.min_score or 0)
    variants, at = np.unique(rated // VARIANT_STRIDE, return_inverse=True)
    counted = [np.bincount(which, minlength=len(variants)) for which in (at[plays], at)]
    by_wording = np.stack(counted).astype(np.int64)
    is_anchor = role == settings.anchor
    chosen = ids if is_anchor else np.sort(rated[plays])
    takes_part = is_anchor or len(chosen) >= settings.min_responses
    return Played(role, len(ids), len(rated), chosen, by_wording, takes_part)


def _ratings(across: AcrossRoles, role: str, settings: AnalysisSettings) -> tuple[Ints, Floats]:
    """The responses that the judge has rated, and their ratings; none where it says nothing of the role."""
    file = across.roles[role].file(JUDGEMENTS)
    if file is None:
        return np.empty(0, np.int64), np.empty(0)
    lake, judge = across.study.lake, settings.judge or next(iter(across.study.settings.judge))
    with lake.readable([file]) as paths, lake.connection() as connection:
        sql = query("stages/ratings").replace("{rating}", RATING)
        found = connection.execute(sql, {"judgements": paths, "judge": judge}).to_arrow_table()
    return found["response_id"].to_numpy().astype(np.int64), found["rating"].to_numpy()
