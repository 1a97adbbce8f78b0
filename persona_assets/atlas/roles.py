"""How roles lie to one another in the space of the selected features, and on the assistant axis."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from persona_assets.analysis.selection import Selection
from persona_assets.atlas.neighbors import unit_rows
from persona_assets.base.arrays import Floats

N_COMPONENTS = 10

# A singular value below this part of the first is rounding.
_ROUNDING = 1e-10


@dataclass(frozen=True)
class AssistantAxis:
    """From the mean of all other roles to the anchor.

    `direction` float64[n_selected] has length 1; `positions` float64[n_roles] are measured along it from the
    mean of all roles, towards the anchor. `cosines` float64[n_components] are each component's with the
    direction; the first one's is 0 or more.
    """

    direction: Floats
    positions: Floats
    cosines: Floats


@dataclass(frozen=True)
class RoleSpace:
    """Roles as rows of M's selected columns.

    `similarity` float64[n_roles, n_roles] is by cosine, NaN for a role that is zero in all columns.
    `components` float64[n_components, n_selected] are the principal components, of length 1, at most ten and
    only such as explain anything; `positions` float64[n_roles, n_components] are measured along them from the
    mean of all roles, and `explained` float64[n_components] is each one's part of the variance. The first
    points as the assistant axis does; without that, and the others, so that the feature with the largest
    loading (the better-ranked of equals) has a positive one. `assistant` is None for `why_no_assistant`.
    """

    similarity: Floats
    components: Floats
    positions: Floats
    explained: Floats
    assistant: AssistantAxis | None
    why_no_assistant: str | None


def role_space(selection: Selection, anchor: str) -> RoleSpace:
    """Compare the roles of `selection`; the assistant axis leads to `anchor`."""
    columns = selection.columns
    components, positions, explained = principal_components(columns)
    direction, reason = _direction(selection, anchor)
    assistant = None
    if direction is not None:
        signs = np.ones(len(components))
        signs[:1] = np.where(components[:1] @ direction < 0, -1, 1)
        components, positions = components * signs[:, None], positions * signs
        along = (columns - columns.mean(axis=0)) @ direction
        assistant = AssistantAxis(direction, along, components @ direction)
    return RoleSpace(role_similarity(columns), components, positions, explained, assistant, reason)


def role_similarity(columns: Floats) -> Floats:
    """float64[n_roles, n_roles]: cosines of the rows of float64[n_roles, n_features], NaN for zero ones."""
    unit = unit_rows(columns)
    similarity = np.clip(unit @ unit.T, -1, 1)
    empty = ~columns.any(axis=1)
    similarity[empty], similarity[:, empty] = np.nan, np.nan
    return similarity


def principal_components(columns: Floats) -> tuple[Floats, Floats, Floats]:
    """Components, positions and explained variance of the rows of float64[n_roles, n_features]."""
    centred = columns - columns.mean(axis=0)
    _, values, components = np.linalg.svd(centred, full_matrices=False)
    # Beside their own size, the columns' decides what is rounding: all roles may be alike.
    kept = values > _ROUNDING * np.linalg.norm(columns)
    n = min(N_COMPONENTS, int(kept.sum()))
    components = components[:n]
    largest = np.abs(components).argmax(axis=1)[:, None] if n else np.empty((0, 1), np.int64)
    components = components * np.sign(np.take_along_axis(components, largest, axis=1))
    return components, centred @ components.T, values[:n] ** 2 / (values**2).sum()


def _direction(selection: Selection, anchor: str) -> tuple[Floats | None, str | None]:
    if anchor not in selection.roles:
        return None, f"the anchor {anchor!r} is not among the roles compared"
    if len(selection.roles) == 1:
        return None, f"the anchor {anchor!r} is the only role compared"
    if len(selection.selected) == 0:
        return None, "no feature was selected"
    at = selection.roles.index(anchor)
    columns = selection.columns
    axis = columns[at] - np.delete(columns, at, axis=0).mean(axis=0)
    length = np.linalg.norm(axis)
    if length <= _ROUNDING * np.linalg.norm(columns):
        return None, f"the anchor {anchor!r} does not differ from the mean of the others"
    return axis / length, None
