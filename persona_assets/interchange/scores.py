"""A judge's scores in assistant-axis's files: `{"pos_p0_q12": 3}`, by variant and the question's place."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pyarrow as pa

from persona_assets.base.atomic import placed
from persona_assets.interchange.layout import Layout


def write_scores(layout: Layout, role: str, judgements: pa.Table, questions: Sequence[int]) -> list[str]:
    """Write a file for each judge of `schema.JUDGEMENTS` that has scores; return these judges.

    `questions` are the ids of the role's questions in their order. The format has no place for an answer
    without a score: it has no entry.
    """
    place = {question: at for at, question in enumerate(questions)}
    by_judge: dict[str, dict[str, int]] = {}
    for row in judgements.to_pylist():
        if row["score"] is not None:
            key = f"pos_p{row['variant']}_q{place[row['question_id']]}"
            by_judge.setdefault(row["judge"], {})[key] = row["score"]
    for judge, scores in by_judge.items():
        with placed(layout.scores(judge, role)) as beside:
            beside.write_text(json.dumps(scores, indent=2))
    return list(by_judge)
