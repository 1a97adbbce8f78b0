"""A cap in the settings that assistant-axis's `build_capping_steerer` takes."""

from __future__ import annotations

from pathlib import Path

from persona_assets.base.atomic import placed
from persona_assets.steering.caps import Cap


def write_capping_config(cap: Cap, file: Path) -> str:
    """Write a cap as a `.pt` file that `weights_only` reads, and return its experiment's id.

    assistant-axis keeps projections *below* its `cap`. A floor is that of the opposite direction: the file
    has the axis with the other sign, and so has the threshold.
    """
    import torch

    name = f"assistant_axis_layer_{cap.layer}"
    experiment = f"layers_{cap.layer}:{cap.layer + 1}-p{cap.about.get('quantile', '')}"
    content = {
        "vectors": {name: {"vector": -cap.direction.cpu(), "layer": cap.layer}},
        "experiments": [
            {"id": experiment, "interventions": [{"vector": name, "cap": -cap.threshold}]},
        ],
        "about": {**cap.about, "model": cap.model, "revision": cap.revision or ""},
    }
    with placed(file) as beside:
        torch.save(content, beside)
    return experiment
