"""Role vectors and the assistant axis in assistant-axis's files, which PyTorch's `weights_only` reads."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from persona_assets.base.arrays import Singles
from persona_assets.base.atomic import placed
from persona_assets.interchange.layout import Layout
from persona_assets.lake.schema import ROLE_VECTORS, VECTOR_TABLES
from persona_assets.models.hooks import output_layer
from persona_assets.models.sae import point_of
from persona_assets.stages.across_roles import AcrossRoles

# What a file says of its vector: assistant-axis takes "mean" for the default's, over all answers, too.
_OF_ANCHOR, _OF_ROLE = "mean", "all"


def write_vectors(across: AcrossRoles, layout: Layout, sae: str) -> list[str]:
    """Write the vector of each role, and the axis; return the roles.

    Tensors are float32[n_layers, width], a row per layer's output, as far as the SAE's layer; rows of other
    layers are NaN. No roles where the vectors are not fresh, or the SAE reads another stream than that.
    Raises StudyError where the SAE cannot be had or a file of the lake is damaged.
    """
    study = across.study
    files = across.files(VECTOR_TABLES, sae) if study.settings.extraction.vectors else None
    layer = None if files is None else output_layer(point_of(study.settings.extraction.saes[sae]))
    if files is None or layer is None:
        return []
    rows = study.lake.read(ROLE_VECTORS, files[ROLE_VECTORS.name]).to_pylist()
    vectors = {row["role"]: _at(layer, row["vector"]) for row in rows if row["variant"] is None}
    anchor = study.settings.analysis.anchor
    for role, vector in vectors.items():
        _save(
            layout.vectors(sae) / f"{role}.pt",
            {"vector": vector, "type": _OF_ANCHOR if role == anchor else _OF_ROLE, "role": role},
        )
    others = [vector for role, vector in vectors.items() if role != anchor]
    if anchor in vectors and others:
        mean = np.mean(others, axis=0, dtype=np.float64).astype(np.float32)
        _save(
            layout.axis(sae),
            {
                "axis": vectors[anchor] - mean,
                "default_mean": vectors[anchor],
                "role_mean": mean,
                "n_default": 1,
                "n_roles": len(others),
            },
        )
    return list(vectors)


def _at(layer: int, vector: list[float]) -> Singles:
    """Return float32[layer + 1, width]: NaN but for the last row."""
    rows = np.full((layer + 1, len(vector)), np.nan, np.float32)
    rows[layer] = vector
    return rows


def _save(path: Path, content: dict[str, object]) -> None:
    import torch

    tensors = {
        name: torch.from_numpy(value) if isinstance(value, np.ndarray) else value
        for name, value in content.items()
    }
    with placed(path) as beside:
        torch.save(tensors, beside)
