"""The axes between roles in the residual stream as tables."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from persona_assets.atlas.roles import RoleSpace
from persona_assets.base.arrays import Floats, Singles
from persona_assets.lake.schema import VECTOR_AXES, VECTOR_FEATURES
from persona_assets.vectors.alignment import Aligned
from persona_assets.vectors.axes import Carried


def axes_table(space: RoleSpace, length: float, carried: Carried, why_not_carried: str | None) -> pa.Table:
    """Return the rows of `VECTOR_AXES`: the assistant axis, or why there is none, then the components.

    `length` is the assistant axis', and `carried` of the axes that there are.
    """
    n_components, assistant = len(space.explained), space.assistant
    lacking = [] if assistant is not None else [np.nan]

    def told(values: Floats) -> Floats:
        return np.concatenate([lacking, values])

    return VECTOR_AXES.of(
        {
            "axis": space.axes,
            "direction": [None if assistant is None else assistant.direction, *space.components],
            "length": [length, *[np.nan] * n_components],
            "explained_variance": [np.nan, *space.explained],
            "explained_null": [np.nan, *space.nulls.explained],
            "cosine_with_assistant": space.cosines,
            "carried": told(np.clip(carried.cosine, -1, 1)),
            "carried_low": told(np.clip(carried.cosine - carried.half, -1, 1)),
            "carried_high": told(np.clip(carried.cosine + carried.half, -1, 1)),
            "carried_in_sample": told(carried.in_sample),
            "reason": [space.why_no_assistant or why_not_carried, *[why_not_carried] * n_components],
        }
    )


def features_table(lie: Aligned, directions: Singles, differences: Floats, axis: Floats) -> pa.Table:
    """Return the rows of `VECTOR_FEATURES`.

    `differences` float64[n_features] are of their mean activations, over the length of the axis, whose
    direction is `axis` float64[width].
    """
    return VECTOR_FEATURES.of(
        {
            "feature_id": np.arange(len(directions)),
            "cosine": np.clip(lie.cosine, -1, 1),
            "cosine_low": np.clip(lie.cosine - lie.half, -1, 1),
            "cosine_high": np.clip(lie.cosine + lie.half, -1, 1),
            "in_sample": lie.in_sample,
            "contribution": differences * (directions @ axis.astype(np.float32)),
        }
    )
