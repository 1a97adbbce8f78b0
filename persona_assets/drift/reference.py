"""What conversations are held against: the roles' vectors, the space they span, and the axis in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pyarrow as pa
from scipy.sparse import csr_array, vstack

from persona_assets.base.errors import StudyError
from persona_assets.drift.axis import assistant_axis
from persona_assets.drift.scores import Target
from persona_assets.drift.space import Space
from persona_assets.study.settings import DriftSettings


@dataclass(frozen=True)
class Reference:
    """Roles and axis in the space of drift. Rows of `target.roles` are `roles`; `compared_with` are those
    whose mean the anchor is compared with; `axis_cosine` that of the difference with the first component.
    """

    roles: list[str]
    anchor: str
    compared_with: list[str]
    space: Space
    target: Target
    axis_cosine: float


def build_reference(roles: Mapping[str, csr_array], anchor: str, settings: DriftSettings) -> Reference:
    """Return the reference of role vectors float[1, d_sae] by role: pooled, not yet transformed.

    Raises StudyError where the anchor, or a role that it is compared with, is not among them.
    """
    names = sorted(roles)
    if anchor not in names:
        raise StudyError(f"the anchor {anchor!r} is not among the roles compared; check analysis.anchor")
    compared_with = [name for name in settings.compared_with or names if name != anchor]
    for name in compared_with:
        if name not in names:
            raise StudyError(f"drift.compared_with: role {name!r} has no fresh features, or is excluded")
    if not compared_with:
        raise StudyError(f"the anchor {anchor!r} has no other role to be compared with; run more roles")
    pooled = csr_array(vstack([roles[name] for name in names], format="csr"))
    space = Space.of(pooled, settings.transform, settings.centering, settings.l2_normalize)
    points, row = space.points(pooled), {name: index for index, name in enumerate(names)}
    axis = assistant_axis(points, row[anchor], [row[name] for name in compared_with], settings.axis)
    target = Target(axis.direction, points, row[anchor])
    return Reference(names, anchor, compared_with, space, target, axis.cosine)


def role_vector(role_features: pa.Table, statistic: Literal["mean", "max"], d_sae: int) -> csr_array:
    """Return a role's vector float64[1, d_sae], of columns of `schema.ROLE_FEATURES`."""
    feature_ids, values = role_features["feature_id"].to_numpy(), role_features[statistic].to_numpy()
    at = (np.zeros(len(feature_ids), dtype=np.int64), feature_ids)
    return csr_array((values.astype(np.float64), at), shape=(1, d_sae))
