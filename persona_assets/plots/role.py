"""One role: the features that it has most above the other roles, and most below them."""

from __future__ import annotations

import pyarrow as pa
from matplotlib.figure import Figure

from persona_assets.plots.canvas import drawing
from persona_assets.plots.intervals import Row, interval_figure
from persona_assets.plots.words import literally

_LONGEST_LABEL = 48


@drawing
def role_figure(contrasts: pa.Table, labels: pa.Table, role: str, about: str) -> Figure:
    """The rows of `ROLE_CONTRASTS` that are of `role`, features by AUROC, for features have scales of their
    own; beside each its one of `labels`, rows of `PREFERRED_LABELS`: any stranger's text. `about` names the
    data.
    """
    preferred = dict(zip(labels["feature_id"].to_pylist(), labels["description"].to_pylist(), strict=True))

    def name(row: Row) -> str:
        label = preferred.get(row["feature_id"])
        beside = f"{literally(label, _LONGEST_LABEL)}  " if label else ""
        return f"{beside}{row['feature_id']}"

    title = f"{literally(role)}: highest and lowest of {contrasts.num_rows:,} features · {literally(about)}"
    return interval_figure(contrasts, "auroc", title, "features", name)
