"""Where a cap's threshold lies: a quantile of how far the anchor's own answers reach along the axis."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from importlib.metadata import version
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
from persona_assets.steering.caps import Cap
from persona_assets.steering.reach import Below, Reach, share_below
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
        if not settings.extraction.vectors:
            raise StudyError(
                f"{across.study.file}: a cap's threshold is told by the stream of the anchor's own answers; "
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

    def below(self, direction: Singles, cap: Cap, quantile: float) -> Below:
        """Return how much of the other roles' answers lies below a cap at a quantile of the anchor's."""
        read = ((role, *self._read(role)) for role in self._files if role != self.anchor)
        others = {role: _reach(vectors, ids, direction) for role, vectors, ids in read if len(ids)}
        return share_below(self.reach(direction), others, quantile, cap.threshold)

    def cap(self, direction: Singles, quantile: float, about: Mapping[str, str] | None = None) -> Cap:
        """Return the floor at a quantile of the anchor's answers along a direction of length 1."""
        reach, extraction = self.reach(direction), self._across.study.settings.extraction
        said = {**self._about(), "quantile": f"{quantile:g}", "n_answers": str(len(reach.values))}
        return Cap(
            torch.from_numpy(direction),
            float(np.float32(reach.quantile(quantile))),  # as the file has it
            self.layer,
            extraction.model,
            extraction.revision,
            {**said, **(about or {})},
        )

    def _about(self) -> dict[str, str]:
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
        }


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
