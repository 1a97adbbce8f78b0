"""Edits of a stream: how much of a feature or of a direction each token has, changed; all else is kept.

An SAE's error term stays, for only what one feature writes is added or taken away.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch

from persona_assets.base.errors import StudyError
from persona_assets.models.sae import Sae
from persona_assets.study.settings.steering import Operation

Amounts = Callable[[torch.Tensor], torch.Tensor]  # of rows float32[..., width], float32[...]


@dataclass(frozen=True)
class Written:
    """Something that each token has an amount of: a feature, or a direction.

    `row`, float32[width], is what one unit of it is in the stream; `amounts` reads them: of the feature
    `feature_id`, or, where that is None, along `row`.
    """

    row: torch.Tensor
    amounts: Amounts
    feature_id: int | None = None


@dataclass(frozen=True)
class Edit:
    """A change of the amounts of `written`; `level` is what is added, or the bound. Is a `places.Change`.

    Called with a stream float[..., width] it gives back the very bits of rows whose amount stays.
    """

    written: Written
    operation: Operation
    level: float

    def __call__(self, stream: torch.Tensor) -> torch.Tensor:
        """Return the stream, edited: computed in float32, and in its own type again."""
        rows = stream.float()
        is_read = self.operation != "add"  # what is added is the same, whatever there is
        amounts = self.written.amounts(rows) if is_read else rows.new_zeros(rows.shape[:-1])
        return added(stream, more(self.operation, amounts, self.level), self.written.row)


def more(operation: Operation, amounts: torch.Tensor, level: float | torch.Tensor) -> torch.Tensor:
    """Return by how much an operation changes amounts float32[...]."""
    if operation == "add":
        return torch.zeros_like(amounts) + level
    if operation == "ablate":
        return -amounts
    bound = amounts.clamp(max=level) if operation == "cap" else amounts.clamp(min=level)
    return bound - amounts


def added(stream: torch.Tensor, amounts: torch.Tensor, row: torch.Tensor) -> torch.Tensor:
    """Return a stream float[..., width] with amounts float32[...] of `row` more, in its own type.

    Where the amount is 0 the very bits stay.
    """
    edited = (stream.float() + amounts[..., None] * row).to(stream.dtype)
    return torch.where(amounts[..., None] == 0, stream, edited)


def feature(sae: Sae, name: str, feature_id: int, direction: torch.Tensor) -> Written:
    """Return a feature as something written: `direction` is the row of `Sae.directions` that is its own.

    Raises StudyError where the SAE called `name` writes to another stream than it reads.
    """
    check_writes(sae, name)
    affine = sae.affine()
    if affine is None:
        return Written(direction, lambda rows: _encoded(sae, rows)[..., feature_id], feature_id)
    weights, bias = affine.weights[feature_id], affine.bias[feature_id]
    threshold, inputs = affine.threshold[feature_id], affine.inputs

    def amounts(rows: torch.Tensor) -> torch.Tensor:
        code = inputs(rows) @ weights + bias
        return torch.where(code > threshold, code, torch.zeros_like(code))

    return Written(direction, amounts, feature_id)


def along(direction: torch.Tensor, device: str = "cpu") -> Written:
    """Return a direction as something written on `device`, in units of length 1.

    Raises ValueError where it has no length.
    """
    length = direction.float().norm()
    if not length > 0:
        raise ValueError("a direction without length")
    return along_unit((direction.float() / length).to(device))


def along_unit(unit: torch.Tensor) -> Written:
    """Return a direction float32[width] of length 1 as something written, in its very bits."""
    return Written(unit, lambda rows: rows @ unit)


def check_writes(sae: Sae, name: str) -> None:
    """Raise StudyError where the SAE called `name` writes to another stream than it reads."""
    if sae.writes != sae.point:
        raise StudyError(
            f"SAE {name}: reads {sae.point} and writes {sae.writes or 'nobody says where'}; only what is "
            "read and written in one place can be steered"
        )


def _encoded(sae: Sae, rows: torch.Tensor) -> torch.Tensor:
    flat = sae.encode(rows.reshape(-1, rows.shape[-1]))
    return flat.reshape(*rows.shape[:-1], -1)
