"""The assistant axis in the space of drift: from the other roles to the anchor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from persona_assets.base.arrays import Floats
from persona_assets.base.errors import StudyError
from persona_assets.drift.space import Points

# A length below this part of the vectors' own is rounding.
_ROUNDING = 1e-10

# Where the cosine of the two ways to find the axis is below this, they tell different stories.
AXES_PART = 0.5


@dataclass(frozen=True)
class Axis:
    """A direction float64[d_sae] of length 1, positive towards the anchor.

    `cosine` is that of the two ways to find it, the difference of means and the first principal component.
    """

    direction: Floats
    cosine: float


def assistant_axis(roles: Points, anchor: int, others: list[int], way: Literal["difference", "pca"]) -> Axis:
    """Return the axis of role vectors; `anchor` and `others` are rows of `roles`.

    `difference`: the anchor minus the mean of the others. `pca`: the first principal component of all roles,
    its sign aligned to the difference. Raises StudyError where the anchor is the mean of the others.
    """
    weights = np.zeros(len(roles))
    weights[anchor] = 1
    weights[others] -= 1 / len(others)
    difference = roles.combined(weights)
    if np.linalg.norm(difference) <= _ROUNDING * roles.lengths.max():
        raise StudyError("the anchor does not differ from the mean of the other roles, so there is no axis")
    difference /= np.linalg.norm(difference)
    component = _first_component(roles)
    component *= -1 if component @ difference < 0 else 1
    direction = difference if way == "difference" else component
    return Axis(direction, float(component @ difference))


def _first_component(roles: Points) -> Floats:
    """Return the first principal component, float64[d_sae], found in the roles' products: they are far fewer.

    With X the centred roles, the first eigenvector u of X Xᵀ gives the direction Xᵀ u.
    """
    centring = np.eye(len(roles)) - 1 / len(roles)
    _, vectors = np.linalg.eigh(centring @ roles.products(roles) @ centring)
    component = roles.combined(centring @ vectors[:, -1])
    return component / np.linalg.norm(component)
