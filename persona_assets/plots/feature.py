"""One feature: which roles have more of it than the others, and which less."""

from __future__ import annotations

import pyarrow as pa
from matplotlib.figure import Figure

from persona_assets.plots.canvas import drawing
from persona_assets.plots.intervals import Measure, interval_figure
from persona_assets.plots.words import literally

_LONGEST_NAME = 40


@drawing
def feature_figure(
    contrasts: pa.Table, feature_id: int, label: str | None, about: str, worth: str | None = None
) -> Figure:
    """The rows of `ROLE_CONTRASTS` that are of the feature, roles by effect, or, where roles share no
    questions, by AUROC; `label`, if it has one, is any stranger's text, and `worth` says what it is worth.
    `about` names the data.
    """
    measure: Measure = "effect" if contrasts["effect"].null_count < contrasts.num_rows else "auroc"
    called = f": {literally(label)}{f' ({worth})' if worth else ''}" if label else ""
    title = f"Feature {feature_id} in {contrasts.num_rows} roles · {literally(about)}{called}"
    return interval_figure(
        contrasts, measure, title, "roles", lambda row: literally(row["role"], _LONGEST_NAME)
    )
