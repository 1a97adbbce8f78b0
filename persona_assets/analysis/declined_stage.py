"""The stage `declined`: which answers lie towards the anchor's declining ones, landed in the lake."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from persona_assets.analysis.answers import Answers, ReadAnswers
from persona_assets.analysis.declined import Placed, place
from persona_assets.analysis.played import share_interval
from persona_assets.base.ahead import ahead
from persona_assets.base.arrays import Flags
from persona_assets.base.blas import one_blas_thread
from persona_assets.base.errors import StudyError
from persona_assets.base.progress import Progress
from persona_assets.lake.lake_file import LakeFile
from persona_assets.lake.schema import DECLINED_ROLES, DECLINED_SCORES, DECLINED_TABLES
from persona_assets.stages.across_roles import AcrossRoles
from persona_assets.study.declining import matches, named_declining

_ABOVE = 0.5  # halfway from the role's mean to the declining answers'


@one_blas_thread()
def place_answers(across: AcrossRoles, sae: str, *, progress: Progress | None = None) -> dict[str, LakeFile]:
    """Return the files of `DECLINED_TABLES`, by the tables' names: found, or made now.

    `progress` counts the roles that are done. Raises StudyError where the anchor is not among the compared
    roles, or the study's file names an answer that it does not have, and as `compare_roles`.
    """
    made_from, study = across.made_from_two(DECLINED_ROLES, sae), across.study
    if (found := across.files(DECLINED_TABLES, sae)) is not None:
        return found
    reading, anchor = ReadAnswers(across, sae), study.settings.analysis.anchor
    study.lake.check(reading.inputs)
    if anchor not in reading.roles:
        raise StudyError(
            f"{study.name}: the anchor {anchor} is not among the compared roles, so that none of its answers "
            "decline; run it, or leave analysis.declined out"
        )
    at = reading.roles.index(anchor)
    anchors, scores, roles = reading.answers(at), [], []
    declines = _declining(across, reading, at, anchors)
    for row, answers in enumerate(ahead(reading.answers(row) for row in range(len(reading.roles)))):
        matched, placed = matches(answers.texts), place(answers, anchors, declines)
        scores.append(_scores(reading, row, matched, placed))
        told = _told(answers, matched, placed)
        roles.append({"role": reading.roles[row], "n_declining": int(declines.sum()), **told})
        if progress is not None:
            progress(row + 1, len(reading.roles))
    contents = {
        DECLINED_SCORES: pa.concat_tables(scores),
        DECLINED_ROLES: pa.Table.from_pylist(roles, schema=DECLINED_ROLES.schema),
    }
    return across.land(contents, made_from, sae, reading.inputs)


def _declining(across: AcrossRoles, reading: ReadAnswers, row: int, anchors: Answers) -> Flags:
    """Return which of the anchor's pooled answers decline: by the study's file, or by the patterns."""
    named = named_declining(across.study)
    if named is None:
        return matches(anchors.texts)
    return np.isin(reading.ids(row), named)


def _scores(reading: ReadAnswers, row: int, matched: Flags, placed: Placed) -> pa.Table:
    ids = reading.ids(row)
    role = pa.DictionaryArray.from_arrays(np.zeros(len(ids), np.int32), [reading.roles[row]])
    return DECLINED_SCORES.of(
        {"role": role, "response_id": ids, "matched": matched, "declined_score": placed.scores}
    )


def _told(answers: Answers, matched: Flags, placed: Placed) -> dict[str, object]:
    """Return what is told of a role: how many of its answers lie above, and what that can tell."""
    known = ~np.isnan(placed.scores)
    wordings, at = np.unique(answers.wording[known], return_inverse=True)
    above = placed.scores[known] > _ABOVE
    counted = [np.bincount(which, minlength=len(wordings)) for which in (at[above], at)]
    share = share_interval(*counted)
    held_out, others = (one[~np.isnan(one)] for one in (placed.declining, placed.others))
    told = {
        **dict(zip(("share", "share_low", "share_high"), share, strict=True)),
        "share_found": (held_out > _ABOVE).mean() if len(held_out) else np.nan,
        "anchor_score": others.mean() if len(others) else np.nan,
    }
    return {
        "n_responses": len(matched),
        "n_matched": int(matched.sum()),
        "n_placed": int(known.sum()),
        **{name: None if np.isnan(value) else float(value) for name, value in told.items()},
        "reason": placed.reason,
    }
