"""What an intervention edits: its targets, and the controls that each of them is told from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from persona_assets.base.arrays import Floats, Ints
from persona_assets.base.errors import StudyError
from persona_assets.models.sae import Sae
from persona_assets.steering.edits import Edit, Written, along, along_unit, feature
from persona_assets.study.settings import InterventionSettings

_NEAR = 10  # features, at least, among which a control is drawn by lot


@dataclass(frozen=True)
class Planned:
    """One edit; `control` says of which kind, None of a target. `level` is None where it is ablated."""

    target: str
    control: str | None
    feature_id: int | None
    strength: float
    level: float | None
    edit: Edit


@dataclass(frozen=True)
class Activity:
    """The features that fire in a role: their ids, sorted, the share of its answers in which they fire, and
    what they write into a token on average (their mean times their direction's length); each [n].
    """

    features: Ints
    rate: Floats
    written: Floats


def matched(activity: Activity, targets: Sequence[int], n: int, random: np.random.Generator) -> list[int]:
    """Return `n` features, or all there are, drawn beside one target after the other, each once.

    Each is drawn from those that are the most like its target in how often and how strongly they are active.
    """
    known = activity.written > 0
    if not known.any():
        return []
    ids = activity.features[known]
    place = np.log(np.stack([activity.rate[known], activity.written[known]], axis=1))
    place = (place - place.mean(axis=0)) / np.maximum(place.std(axis=0), 1e-9)
    least = place.min(axis=0)
    of_targets = [place[ids == target][0] if target in ids else least for target in targets]
    free = ~np.isin(ids, targets)
    near = max(_NEAR, 2 * n // len(targets))
    drawn: list[int] = []
    for number in range(min(n, int(free.sum()))):
        [left] = np.nonzero(free)
        away = np.square(place[left] - of_targets[number % len(targets)]).sum(axis=1)
        chosen = int(left[random.choice(np.argsort(away, kind="stable")[:near])])
        free[chosen] = False
        drawn.append(int(ids[chosen]))
    return drawn


@dataclass(frozen=True)
class FeaturePlan:
    """Edits of features of an SAE called `name`. `peaks`: the strongest activation of each in an answer."""

    sae: Sae
    name: str
    directions: torch.Tensor
    peaks: Mapping[int, float]

    def edits(
        self,
        settings: InterventionSettings,
        targets: Sequence[int],
        controls: Sequence[int],
        random: np.random.Generator,
    ) -> Iterator[Planned]:
        """Yield the edits of targets, of random features, and of what targets write put in another place.

        Raises StudyError of a target that writes nothing.
        """
        lengths = [float(self.directions[one].norm()) for one in targets]
        if 0 in lengths:
            raise StudyError(
                f"SAE {self.name}: feature {targets[lengths.index(0)]} writes nothing (its decoder's row has "
                "no length), so that there is nothing to edit; take another"
            )
        size = float(np.median([self.peaks.get(t, 0.0) * x for t, x in zip(targets, lengths, strict=True)]))
        kinds = [(one, None) for one in targets] + [(one, "feature") for one in controls]
        features = [(kind, one, self._written(one)) for one, kind in kinds]
        others = [
            (targets[number % len(targets)], _random(self.directions[0], random))
            for number in range(settings.directions)
        ]
        for strength in settings.strengths:
            for kind, one, written in features:
                yield self._planned(settings, strength, size, f"feature {one}", kind, one, written)
            for number, (one, unit) in enumerate(others):
                written = self._written(one)
                written = replace(written, row=unit * written.row.norm())
                named = f"direction {number} by feature {one}"
                yield self._planned(settings, strength, size, named, "direction", one, written)

    def _planned(
        self,
        settings: InterventionSettings,
        strength: float,
        size: float,
        named: str,
        kind: str | None,
        one: int,
        written: Written,
    ) -> Planned:
        operation = settings.operation
        if operation == "add":
            level: float | None = strength * size / float(written.row.norm())
        else:
            level = None if operation == "ablate" else strength * self.peaks.get(one, 0.0)
        feature_id = None if kind == "direction" else one
        return Planned(named, kind, feature_id, strength, level, Edit(written, operation, level or 0.0))

    def _written(self, one: int) -> Written:
        return feature(self.sae, self.name, one, self.directions[one])


@dataclass(frozen=True)
class DirectionPlan:
    """Edits of a direction between roles, whose means in the stream are `means` float64[n_roles, width].

    `role` is the place of the one that the direction leads to. The unit is the way there from the other
    roles' mean, or with `over_roles` the standard deviation of all roles along it, from the mean of all.
    The stream is on `device`. With a `way` float32[width] that is the direction.
    """

    named: str
    means: Floats
    role: int
    over_roles: bool
    device: str = "cpu"
    way: torch.Tensor | None = None

    def edits(self, settings: InterventionSettings, random: np.random.Generator) -> Iterator[Planned]:
        """Yield the edits of the direction, and of random ones."""
        others = np.delete(self.means, self.role, axis=0).mean(axis=0)
        whole = torch.from_numpy(self.means[self.role] - others).float() if self.way is None else self.way
        ways: list[tuple[str, str | None, torch.Tensor]] = [(self.named, None, whole)]
        ways += [
            (f"direction {number}", "direction", _random(whole, random))
            for number in range(settings.directions)
        ]
        along_it = [(named, kind, along(way, self.device), self._unit(way)) for named, kind, way in ways]
        _, length = self._unit(whole)
        for strength in settings.strengths:
            for named, kind, written, (centre, unit) in along_it:
                bound = None if settings.operation == "ablate" else centre + strength * unit
                level = strength * length if settings.operation == "add" else bound
                edit = Edit(written, settings.operation, level or 0.0)
                yield Planned(named, kind, None, strength, level, edit)

    def _unit(self, way: torch.Tensor) -> tuple[float, float]:
        """Return where strength 0 is along a direction, and how long a unit of strength is."""
        places = self.means @ along(way).row.double().numpy()
        if self.over_roles:
            return float(places.mean()), float(places.std(ddof=1))
        centre = float(np.delete(places, self.role).mean())
        return centre, abs(float(places[self.role]) - centre)


def nothing(like: torch.Tensor) -> Planned:
    """Return the edit of strength 0, of a stream of the width and on the device of `like` float32[width]."""
    edit = Edit(along_unit(torch.zeros_like(like)), "add", 0.0)
    return Planned("nothing", "nothing", None, 0.0, 0.0, edit)


def answering(planned: Sequence[Planned], n_targets: int, n_controls: int) -> list[Planned]:
    """Return the edits under which a model answers, all strengths of each, and the one of nothing.

    They are of the first `n_targets` and of the first `n_controls` that are drawn beside these: features, or
    where there are none directions.
    """
    names: dict[str | None, list[str]] = {}
    for one in planned:
        of_kind = names.setdefault(one.control, [])
        if one.target not in of_kind:
            of_kind.append(one.target)
    n_all = len(names[None])
    kind = "feature" if "feature" in names else "direction"
    controls = [one for number, one in enumerate(names.get(kind, [])) if number % n_all < n_targets]
    chosen = {None: names[None][:n_targets], kind: controls[:n_controls], "nothing": names["nothing"]}
    return [one for one in planned if one.target in chosen.get(one.control, ())]


def _random(like: torch.Tensor, random: np.random.Generator) -> torch.Tensor:
    """Return a direction of length 1, any as likely, of the width and on the device of `like`."""
    drawn = torch.from_numpy(random.standard_normal(len(like))).to(like)
    return drawn / drawn.norm()
