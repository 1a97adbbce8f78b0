"""A cap in the settings that assistant-axis's `build_capping_steerer` takes."""

from __future__ import annotations

from pathlib import Path

from persona_assets.base.atomic import placed
from persona_assets.base.errors import StudyError
from persona_assets.steering.caps import Cap
from persona_assets.vectors.published import loaded

_HOLDS = {"vectors", "experiments", "about"}


def check_capping_config(file: Path) -> None:
    """Raise StudyError unless a file is one that `write_capping_config` has written."""
    content = loaded(file)
    if not isinstance(content, dict) or content.keys() != _HOLDS:
        raise StudyError(f"{file}: is no capping configuration of `persona cap`")


def write_capping_config(cap: Cap, file: Path) -> str:
    """Write a cap as a `.pt` file that `weights_only` reads, and return its experiment's id.

    assistant-axis keeps projections *below* its `cap`. A floor is that of the opposite direction: the file
    has the axis with the other sign, and so has the threshold.
    """
    import torch

    name = f"assistant_axis_layer_{cap.layer}"
    experiment = f"layers_{cap.layer}:{cap.layer + 1}-p{cap.about.get('quantile', '')}"
    about = {key: str(value) for key, value in cap.about.items()}  # `weights_only` reads no subclass of str
    content = {
        "vectors": {name: {"vector": -cap.direction.cpu(), "layer": cap.layer}},
        "experiments": [
            {"id": experiment, "interventions": [{"vector": name, "cap": -cap.threshold}]},
        ],
        "about": {**about, "model": cap.model, "revision": cap.revision or ""},
    }
    with placed(file) as beside:
        torch.save(content, beside)
    return experiment
