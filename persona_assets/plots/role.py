"""One role: the features that it has most above the other roles, and most below them."""

from __future__ import annotations

import pyarrow as pa
from matplotlib.figure import Figure

from persona_assets.plots.canvas import drawing
from persona_assets.plots.intervals import LEVEL, Row, interval_figure
from persona_assets.plots.words import literally
from persona_assets.scoring.score import better_than_chance

_LONGEST_LABEL = 48
_MOST_RARE = 6


@drawing
def role_figure(contrasts: pa.Table, labels: pa.Table, role: str, about: str) -> Figure:
    """The rows of `ROLE_CONTRASTS` that are of `role`, features by AUROC, for features have scales of their
    own; beside each its one of `labels`, rows of `PREFERRED_LABELS`: any stranger's text, with a `?` where it
    is not better than chance. `about` names the data.
    """
    preferred = {row["feature_id"]: row for row in labels.to_pylist()}

    def name(row: Row) -> str:
        label = preferred.get(row["feature_id"])
        q = None if label is None else label["label_q"]
        doubtful = q is not None and not better_than_chance(q)
        beside = f"{literally(label['description'], _LONGEST_LABEL)}{'?' * doubtful}  " if label else ""
        return f"{beside}{row['feature_id']}"

    title = f"{literally(role)}: highest and lowest of {contrasts.num_rows:,} features · {literally(about)}"
    title += _too_rare(contrasts)
    return interval_figure(contrasts, "auroc", title, "features", name)


def _too_rare(contrasts: pa.Table) -> str:
    """Return the sure features that the picture cannot place, as they have no interval; "" without any."""
    rows = contrasts.select(["feature_id", "q", "auroc_low"]).to_pylist()
    rare = [row for row in rows if row["auroc_low"] is None and row["q"] is not None and row["q"] < LEVEL]
    rare.sort(key=lambda row: row["q"])
    named = ", ".join(str(row["feature_id"]) for row in rare[:_MOST_RARE]) + ", …" * (len(rare) > _MOST_RARE)
    return f" · too rare for an interval, with q < {LEVEL:g}: {named}" if rare else ""
