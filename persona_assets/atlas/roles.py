"""How roles lie to one another in the space of the selected features, and on the assistant axis."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from persona_assets.analysis.selection import Selection
from persona_assets.atlas.crossed import Crossed
from persona_assets.atlas.neighbors import unit_rows
from persona_assets.atlas.nulls import RoleNulls, role_nulls
from persona_assets.atlas.placing import Places, crossed_similarity, place
from persona_assets.base.arrays import Floats

AxesUnit = Literal["noise", "raw"]

N_COMPONENTS = 10

# A singular value below this part of the first is rounding.
_ROUNDING = 1e-10

_LEAST = 1e-300  # the smallest that is divided by


@dataclass(frozen=True)
class AssistantAxis:
    """From the mean of all other roles to the anchor.

    `direction` float64[n_selected] has length 1; `positions` float64[n_roles] are measured along it from the
    mean of all roles, towards the anchor. `cosines` float64[n_components] are each component's with the
    direction; the first one's is 0 or more. `weights` float64[n_roles] of the roles make the direction.
    """

    direction: Floats
    positions: Floats
    cosines: Floats
    weights: Floats


@dataclass(frozen=True)
class RoleSpace:
    """Roles as rows of M's selected columns, each over its `noise` where that is known.

    `similarity` float64[n_roles, n_roles] is by cosine, NaN for a role that is zero in all columns.
    `components` float64[n_components, n_selected] are the principal components, of length 1, at most ten and
    only such as explain anything; `positions` float64[n_roles, n_components] are measured along them from the
    mean of all roles, and `explained` float64[n_components] is each one's part of the variance. The first
    points as the assistant axis does; without that, and the others, so that the feature with the largest
    loading (the better-ranked of equals) has a positive one. `assistant` is None for `why_no_assistant`.

    `places` are the roles' on the assistant axis, if there is one, then on the components, and `weights`
    float64[n_axes, n_roles] of the roles make these axes. `crossed`
    float64[2, n_roles, n_roles] is the cosine free of noise and half its interval's width. `as_anchor`
    float64[n_roles] is the place of each role on the axis that it would have as the anchor. `unit` says
    whether the noise is known.
    """

    similarity: Floats
    components: Floats
    positions: Floats
    explained: Floats
    assistant: AssistantAxis | None
    why_no_assistant: str | None
    places: Places
    weights: Floats
    crossed: Floats
    as_anchor: Floats
    nulls: RoleNulls
    unit: AxesUnit

    @property
    def axes(self) -> list[str]:
        """The names of the assistant axis, whether there is one or not, and of the components."""
        return ["assistant", *(f"pc{number}" for number in range(1, len(self.explained) + 1))]

    @property
    def cosines(self) -> Floats:
        """float64[n_components + 1]: the cosines of `axes` with the assistant axis; NaN without one."""
        if self.assistant is None:
            return np.full(len(self.explained) + 1, np.nan)
        return np.append(1.0, self.assistant.cosines)


def noise(selection: Selection) -> Floats | None:
    """float64[n_selected]: the standard error of a role's M, from its spread over roles and F.

    Infinite for a feature without F or spread; None where no feature has it.
    """
    f, sd = selection.f[selection.selected], selection.columns.std(axis=0) * _unbiased(len(selection.roles))
    known = (f > 0) & (sd > 0)
    return np.where(known, sd / np.sqrt(np.where(known, f, 1)), np.inf) if known.any() else None


def _unbiased(n: int) -> float:
    return float(np.sqrt(n / max(n - 1, 1)))


def role_space(selection: Selection, anchor: str, crossed: Crossed | None = None, seed: int = 0) -> RoleSpace:
    """Compare the roles of `selection`; the assistant axis leads to `anchor`.

    `crossed` are products of the roles over `noise`; `seed` is that of the nulls.
    """
    scale = noise(selection)
    if scale is None:
        return space_of(selection.columns, selection.roles, anchor, crossed, seed, "raw")
    return space_of(selection.columns / scale, selection.roles, anchor, crossed, seed, "noise")


def space_of(
    columns: Floats, roles: list[str], anchor: str, crossed: Crossed | None, seed: int, unit: AxesUnit
) -> RoleSpace:
    """Compare `roles`, the rows of `columns` float64[n_roles, n_dimensions]; as `role_space`."""
    components, positions, explained = principal_components(columns)
    axis, reason = _axis(columns, roles, anchor)
    assistant = None
    if axis is not None:
        direction, weights = axis
        signs = np.ones(len(components))
        signs[:1] = np.where(components[:1] @ direction < 0, -1, 1)
        components, positions = components * signs[:, None], positions * signs
        along = (columns - columns.mean(axis=0)) @ direction
        assistant = AssistantAxis(direction, along, components @ direction, weights)
    along_axes = [positions.T] if assistant is None else [assistant.positions, positions.T]
    in_sample = np.vstack(along_axes).reshape(-1, len(columns))
    weighing = positions.T / np.maximum((positions**2).sum(axis=0), _LEAST)[:, None]
    if assistant is not None:
        weighing = np.vstack([assistant.weights, weighing])
    lengths = np.linalg.norm(columns - columns.mean(axis=0), axis=1)
    return RoleSpace(
        role_similarity(columns),
        components,
        positions,
        explained,
        assistant,
        reason,
        place(in_sample, weighing, crossed),
        weighing,
        crossed_similarity(len(columns), crossed),
        lengths if crossed is None else np.diag(crossed.products) / np.maximum(lengths, _LEAST),
        role_nulls(columns, len(explained), seed),
        unit,
    )


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


def _axis(columns: Floats, roles: list[str], anchor: str) -> tuple[tuple[Floats, Floats] | None, str | None]:
    """Return the assistant axis' direction and the roles' weights in it, or why there is none."""
    if anchor not in roles:
        return None, f"the anchor {anchor!r} is not among the roles compared"
    if len(roles) == 1:
        return None, f"the anchor {anchor!r} is the only role compared"
    if columns.shape[1] == 0:
        return None, "no feature was selected"
    weights = np.full(len(roles), -1 / (len(roles) - 1))
    weights[roles.index(anchor)] = 1
    axis = weights @ columns
    length = np.linalg.norm(axis)
    if length <= _ROUNDING * np.linalg.norm(columns):
        return None, f"the anchor {anchor!r} does not differ from the mean of the others"
    return (axis / length, weights / length), None
