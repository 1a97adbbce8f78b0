"""Where a cap's thresholds lie: a quantile of how far the anchor's own answers reach along an axis."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from importlib.metadata import version
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow.compute as pc
import torch

from persona_assets.analysis.response_vectors import read_response_vectors
from persona_assets.base.arrays import Floats, Ints, Singles
from persona_assets.base.errors import StudyError
from persona_assets.lake.fingerprint import fingerprint
from persona_assets.lake.schema import POOLED, VARIANT_STRIDE, VECTOR_AXES
from persona_assets.models.hooks import output_layer
from persona_assets.models.sae import point_of
from persona_assets.stages.across_roles import AcrossRoles
from persona_assets.steering.caps import Cap, Floor
from persona_assets.steering.reach import Below, Reach, share_below
from persona_assets.study.study import Study
from persona_assets.vectors.alignment import Aligned
from persona_assets.vectors.stage import direction_beside_axis


class Calibration:
    """The compared roles' answers in the residual stream that an SAE reads, and the axis between them.

    Raises StudyError where the study keeps no vectors of its answers, or the SAE reads another stream.
    """

    def __init__(self, across: AcrossRoles, sae: str) -> None:
        self._across, self.sae = across, sae
        settings = across.study.settings
        self.anchor, name = settings.analysis.anchor, across.study.name
        if not across.keeps_response_vectors:
            raise StudyError(
                f"{across.study.file}: a cap's threshold is a quantile of the anchor's single answers; "
                f"set extraction.vectors: response, and `persona run {name} --select activations,vectors`"
            )
        self._files = across.with_vectors(sae)
        if self.anchor not in self._files:
            raise StudyError(
                f"{name}: role {self.anchor} has no vectors of its answers under SAE {sae}; run `persona run "
                f"{name} --select responses,activations,vectors` first"
            )
        self.layer = stream_layer(across, sae)
        if not len(self._anchors[1]):
            raise StudyError(
                f"{name}: no answer of {self.anchor} takes part; `from pooled where role = '{self.anchor}'` "
                "says why"
            )

    def own_axis(self) -> Singles | None:
        """Return the study's assistant axis, float32[width] of length 1; None where it has none."""
        file = self._across.file(VECTOR_AXES, self.sae)
        if file is None:
            return None
        table = self._across.study.lake.read(VECTOR_AXES, file)
        [direction] = table.filter(pc.equal(table["axis"], "assistant"))["direction"].to_pylist()
        return None if direction is None else unit(np.asarray(direction, np.float32))

    @property
    def axis_file(self) -> str:
        """The name that the lake has for what the study's axis is from."""
        file = self._across.file(VECTOR_AXES, self.sae)
        return "" if file is None else file.stem

    def axis(self) -> Singles:
        """Return the study's assistant axis. Raises StudyError where it has none."""
        if (found := self.own_axis()) is None:
            name = self._across.study.name
            raise StudyError(
                f"{name}: has no assistant axis in the stream that SAE {self.sae} reads; run `persona run "
                f"{name} --select vectors`, and `from vector_axes` tells why there is none"
            )
        return found

    def beside_own_axis(self, direction: Singles) -> Aligned:
        """Return how another direction lies to the study's own axis, which there is."""
        return direction_beside_axis(self._across, self.sae, direction)

    def _read(self, role: str) -> tuple[Floats, Ints]:
        """Return a role's answers' vectors float64[n, width], and their ids int64[n]."""
        lake, (_, pooled, vectors) = self._across.study.lake, self._files[role]
        table = lake.read(POOLED, pooled)
        kept = table.filter(pc.is_null(table["excluded_reason"]))["response_id"].to_numpy()
        ids = np.sort(kept.astype(np.int64))
        return read_response_vectors(lake, vectors, ids), ids

    @cached_property
    def _anchors(self) -> tuple[Floats, Ints]:
        """The anchor's, which every direction is held against. Those of other roles are not kept."""
        return self._read(self.anchor)

    @property
    def width(self) -> int:
        """How wide the stream is."""
        return int(self._anchors[0].shape[1])

    def reach(self, direction: Singles) -> Reach:
        """Return how far the anchor's answers reach along a direction float32[width]."""
        return _reach(*self._anchors, direction)

    def below(self, direction: Singles, floor: Floor, quantile: float) -> Below:
        """Return how much of the other roles' answers lies below a floor at a quantile of the anchor's."""
        read = ((role, *self._read(role)) for role in self._files if role != self.anchor)
        others = {role: _reach(vectors, ids, direction) for role, vectors, ids in read if len(ids)}
        return share_below(self.reach(direction), others, quantile, floor.threshold)

    def floor(self, direction: Singles, quantile: float) -> Floor:
        """Return the floor at a quantile of the anchor's answers along a direction of length 1."""
        threshold = float(np.float32(self.reach(direction).quantile(quantile)))  # as the file has it
        return Floor(torch.from_numpy(direction), threshold, self.layer)

    def about(self, quantile: float) -> dict[str, str]:
        """Return what a file says of a floor at a quantile."""
        study = self._across.study
        files = {role: vectors.stem for role, (_, _, vectors) in self._files.items()}
        return {
            "operation": "floor",
            "hook": f"blocks.{self.layer}.hook_resid_post",
            "anchor": self.anchor,
            "study": study.name,
            "sae": self.sae,
            "vectors": fingerprint(files),
            "written_by": f"persona-assets {version('persona-assets')}",
            "quantile": f"{quantile:g}",
            "n_answers": str(len(self._anchors[1])),
        }


def calibrations(across: AcrossRoles, saes: Sequence[str]) -> list[Calibration]:
    """Return the calibration under each SAE, the lowest layer first.

    Raises StudyError as `Calibration`, and where two SAEs read the output of one layer.
    """
    found = sorted((Calibration(across, sae) for sae in saes), key=lambda one: one.layer)
    for one, other in pairwise(found):
        if one.layer == other.layer:
            raise StudyError(
                f"SAEs {one.sae} and {other.sae} both read the output of layer {one.layer}, which a cap "
                "holds once; leave one of them out"
            )
    return found


def cap_of(
    study: Study,
    found: Sequence[Calibration],
    directions: Sequence[Singles],
    quantile: float,
    about: Sequence[Mapping[str, str]] = (),
) -> Cap:
    """Return the cap that holds the layer of each calibration along its direction, at a quantile there.

    It says of the floors what their calibrations do and what is said `about` them: once where it is the same
    of all, else of one after the other.
    """
    floors = [one.floor(direction, quantile) for one, direction in zip(found, directions, strict=True)]
    of_each = [one.about(quantile) for one in found]
    for of_one, more in zip(of_each, about, strict=False):
        of_one.update(more)
    said = {name: [one[name] for one in of_each] for name in of_each[0]}
    extraction = study.settings.extraction
    return Cap(
        tuple(floors),
        extraction.model,
        extraction.revision,
        {name: one[0] if len(set(one)) == 1 else ", ".join(one) for name, one in said.items()},
    )


def random_caps(study: Study, found: Sequence[Calibration], quantile: float, n: int, seed: int) -> list[Cap]:
    """Return `n` caps along random directions, each layer's its own, as `cap_of`."""
    drawn = [random_units(one.width, n, seed + place) for place, one in enumerate(found)]
    return [cap_of(study, found, directions, quantile) for directions in zip(*drawn, strict=True)]


def _reach(vectors: Floats, ids: Ints, direction: Singles) -> Reach:
    return Reach(vectors @ direction.astype(np.float64), ids % VARIANT_STRIDE)


def stream_layer(across: AcrossRoles, sae: str) -> int:
    """Return the layer whose output an SAE reads. Raises StudyError where it reads something else."""
    point = point_of(across.study.settings.extraction.saes[sae])
    if (layer := output_layer(point)) is None:
        raise StudyError(
            f"SAE {sae}: reads {point}; a cap is of the residual stream after a layer (hook_resid_post)"
        )
    return layer


def unit(direction: Singles) -> Singles:
    """Return a direction in length 1. Raises StudyError where it has none."""
    length = float(np.linalg.norm(direction.astype(np.float64)))
    if not np.isfinite(length) or length == 0:
        raise StudyError("the axis has no length, or is not finite")
    found: Singles = (direction / length).astype(np.float32)
    return found


def random_units(width: int, n: int, seed: int) -> list[Singles]:
    """Return `n` directions of length 1, any as likely."""
    drawn: Any = np.random.default_rng(seed).standard_normal((n, width))
    return [unit(one.astype(np.float32)) for one in drawn]
