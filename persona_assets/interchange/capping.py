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
    has the axes with the other sign, and so have the thresholds.
    """
    import torch

    named = {f"assistant_axis_layer_{one.layer}": one for one in cap.floors}
    experiment = f"layers_{_layers(cap)}-p{cap.about.get('quantile', '')}"
    about = {key: str(value) for key, value in cap.about.items()}  # `weights_only` reads no subclass of str
    held = [{"vector": name, "cap": -one.threshold} for name, one in named.items()]
    content = {
        "vectors": {
            name: {"vector": -one.direction.cpu(), "layer": one.layer} for name, one in named.items()
        },
        "experiments": [{"id": experiment, "interventions": held}],
        "about": {**about, "model": cap.model, "revision": cap.revision or ""},
    }
    with placed(file) as beside:
        torch.save(content, beside)
    return experiment


def _layers(cap: Cap) -> str:
    """Return a cap's layers as assistant-axis writes a range of them, or one by one where they are none."""
    layers = [one.layer for one in cap.floors]
    first, after = layers[0], layers[-1] + 1
    return f"{first}:{after}" if len(layers) == after - first else "+".join(map(str, layers))
