"""Vectors of roles and axes in the files that assistant-axis publishes, read without running their code."""

from __future__ import annotations

import pickle
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from persona_assets.base.arrays import Singles
from persona_assets.base.errors import StudyError
from persona_assets.base.given import one_line, opened

_HOLDING = ("axis", "vector")  # the keys of a file of the axis, and of one of a role


@dataclass(frozen=True)
class Published:
    """A vector float32[width] that a file has of a layer's output; `role` is its role, None of an axis."""

    vector: Singles
    role: str | None


def read_published(file: Path, layer: int, width: int, n_layers: int) -> Published:
    """Return what a `.pt` file has of the output of layer `layer` (from 0).

    The file holds a tensor [n_layers, width], or a dictionary with one under `axis` or `vector`. Raises
    StudyError, naming the file, where it is none of these, holds anything but tensors and plain values, or is
    of a model with other layers than the study's, `n_layers` of `width`.
    """
    content = _loaded(file)
    fields = content if isinstance(content, dict) else {"axis": content}
    key = next((name for name in _HOLDING if name in fields), None)
    rows = _rows(fields.get(key), file)
    if rows.shape[1] != width or len(rows) > n_layers:
        raise StudyError(
            f"{file}: has {len(rows)} layers, {rows.shape[1]} wide; the study's model has {n_layers}, "
            f"{width} wide, so the file is of another model"
        )
    if layer >= len(rows) or not np.isfinite(rows[layer]).all() or not rows[layer].any():
        raise StudyError(f"{file}: holds nothing of layer {layer}, whose output is read here")
    role = fields.get("role") if key == "vector" else None
    return Published(rows[layer], role if isinstance(role, str) else None)


def read_axis(file: Path, layer: int, width: int, n_layers: int) -> Singles:
    """Return the axis float32[width] of a file. Raises StudyError as `read_published`, and for a role's."""
    found = read_published(file, layer, width, n_layers)
    if found.role is not None:
        raise StudyError(f"{file}: is the vector of role {found.role}, and no axis")
    return found.vector


def _loaded(file: Path) -> Any:
    """Return what the file holds; PyTorch runs no code of it (`weights_only`)."""
    import torch

    with opened(file) as stream:
        try:
            return torch.load(stream, map_location="cpu", weights_only=True)
        except (
            pickle.UnpicklingError,
            RuntimeError,
            EOFError,
            ValueError,
            KeyError,
            AttributeError,
        ) as error:
            raise StudyError(
                f"{file}: is no file of tensors and plain values alone ({one_line(str(error), 60)})"
            ) from error


def _rows(found: Any, file: Path) -> Singles:
    import torch

    if not isinstance(found, torch.Tensor) or found.ndim != 2 or not found.is_floating_point():
        shape = list(found.shape) if isinstance(found, torch.Tensor) else type(found).__name__
        raise StudyError(f"{file}: holds no vector per layer under `axis` or `vector`, but {shape}")
    rows: Singles = found.detach().float().numpy()
    return rows
