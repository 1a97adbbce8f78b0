"""Axes and roles' vectors in the files that assistant-axis publishes, read without running their code."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from persona_assets.base.arrays import Singles
from persona_assets.base.errors import StudyError
from persona_assets.base.given import one_line, opened


def read_axis(file: Path, layer: int, width: int, n_layers: int) -> Singles:
    """Return the axis float32[width] that a `.pt` file has of the output of layer `layer` (from 0).

    The file holds a tensor [n_layers, width], or a dictionary with one under `axis`. One of fewer layers is
    of a shallower model, unless it holds nothing but the row of its last layer, as those of `persona export`
    do. Raises StudyError, naming the file, where it is none of these, holds anything but tensors and plain
    values, or is of a model with other layers than the study's, `n_layers` of `width`.
    """
    content = loaded(file)
    if isinstance(content, dict) and "axis" not in content and "vector" in content:
        raise StudyError(f"{file}: is the vector of a role, and no axis")
    return _row(content, "axis", file, layer, width, n_layers)


def read_role_vector(file: Path, layer: int, width: int, n_layers: int) -> Singles:
    """Return a role's vector float32[width], the mean of its answers, as `read_axis` does an axis.

    A dictionary has it under `vector`. A tensor alone does not say what it is, and is taken for one.
    """
    content = loaded(file)
    if isinstance(content, dict) and "vector" not in content and "axis" in content:
        raise StudyError(f"{file}: is an axis, and no vector of a role")
    return _row(content, "vector", file, layer, width, n_layers)


def read_origin(file: Path, layer: int, width: int, n_layers: int) -> Singles:
    """Return what a role's vector leads away from, float32[width], as `read_axis` does an axis.

    It is another role's vector, or of an axis's file the mean of the roles, under `role_mean`.
    """
    content = loaded(file)
    of_roles = isinstance(content, dict) and "vector" not in content
    return _row(content, "role_mean" if of_roles else "vector", file, layer, width, n_layers)


def _row(content: Any, key: str, file: Path, layer: int, width: int, n_layers: int) -> Singles:
    """Return a layer's row float32[width] of a tensor, alone or in a dictionary under `key`."""
    rows = _tensor(content.get(key) if isinstance(content, dict) else content, key, file)
    found = len(rows), rows.shape[1]
    fits = found[1] == width and (found[0] == n_layers or (found[0] < n_layers and _is_of_last_layer(rows)))
    if not fits:
        raise StudyError(
            f"{file}: has {found[0]} layers, {found[1]} wide; the study's model has {n_layers}, "
            f"{width} wide, so the file is of another model"
        )
    row: Singles = rows[layer].float().numpy() if layer < len(rows) else np.zeros(width, np.float32)
    if not np.isfinite(row).all() or not row.any():
        raise StudyError(f"{file}: holds nothing of layer {layer}, whose output is read here")
    return row


def loaded(file: Path) -> Any:
    """Return what the file holds; PyTorch runs no code of it (`weights_only`)."""
    import torch

    with opened(file) as stream:
        try:
            return torch.load(stream, map_location="cpu", weights_only=True)
        except Exception as error:  # a malformed pickle fails in any way
            raise StudyError(
                f"{file}: is no file of tensors and plain values alone ({one_line(str(error), 60)})"
            ) from error


def _tensor(found: Any, key: str, file: Path) -> Any:
    """Return a tensor float[n, width] in which each number is one of the file's: none is expanded."""
    import torch

    if not isinstance(found, torch.Tensor) or found.ndim != 2 or not found.is_floating_point():
        shape = list(found.shape) if isinstance(found, torch.Tensor) else type(found).__name__
        raise StudyError(f"{file}: holds no vector per layer under `{key}`, but {shape}")
    plain = found.layout == torch.strided and found.device.type == "cpu"
    if not plain or not found.is_contiguous():
        raise StudyError(f"{file}: its vectors are no plain tensor; save `{key}.cpu().contiguous()`")
    return found.detach()


def _is_of_last_layer(rows: Any) -> bool:
    return len(rows) > 0 and bool(rows[:-1].isnan().all())
