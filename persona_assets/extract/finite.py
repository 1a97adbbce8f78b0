"""Numbers that are not finite are errors: compared with a threshold they would silently count as inactive."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from persona_assets.base.arrays import Ints
from persona_assets.base.errors import StudyError
from persona_assets.extract.pool import Pooled
from persona_assets.models.hooks import HookPoint


def check_rows(rows: torch.Tensor, lengths: Sequence[tuple[int, int]], point: HookPoint) -> None:
    """Raise StudyError, naming the response, where a row of the stream at `point` is not finite.

    `lengths` holds a response_id and how many rows are its, for one response after another.
    """
    finite = rows.isfinite().all(dim=1)
    if not bool(finite.all()):
        ends = np.cumsum([length for _, length in lengths])
        first = int((~finite).nonzero()[0])
        response_id, _ = lengths[int(np.searchsorted(ends, first, side="right"))]
        raise StudyError(
            f"response {response_id}: the model's activations at {point} are not finite; "
            "try extraction.dtype bfloat16 or float32"
        )


def check_values(pooled: Pooled, response_ids: Ints, name: str) -> None:
    """Raise StudyError, naming response and feature, where SAE `name` gives an infinite activation."""
    wrong = np.flatnonzero(~(np.isfinite(pooled.mean) & np.isfinite(pooled.max)))
    if len(wrong):
        response_id, feature = response_ids[pooled.response[wrong[0]]], pooled.feature[wrong[0]]
        raise StudyError(f"response {response_id}: SAE {name} gives feature {feature} an infinite activation")
