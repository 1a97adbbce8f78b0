"""A cap: a floor under a stream's projection on a direction, written to a file and held in a model.

The file is safetensors: `direction` float32[width] of length 1, `threshold` float32[], and as metadata what
they are of. A token's projection that lies below the threshold is raised to it, up to the rounding of the
stream's type; all else stays as it is.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from persona_assets.base.atomic import placed
from persona_assets.base.errors import StudyError
from persona_assets.base.given import is_file, one_line, shown
from persona_assets.lake.fingerprint import fingerprint
from persona_assets.models.architectures import architecture
from persona_assets.models.places import Place, changed
from persona_assets.steering.edits import Edit, along_unit

FORMAT = "persona cap 1"  # what a file's metadata say of its form
_UNIT = 1e-4  # how far from 1 a direction's length may be


@dataclass(frozen=True)
class Cap:
    """Holds the projection of layer `layer`'s output (from 0) on `direction` at `threshold` or above it.

    `direction` float32[width] has length 1. `model` and `revision` name what the stream is of, and `about`
    says in words where the two come from.
    """

    direction: torch.Tensor
    threshold: float
    layer: int
    model: str
    revision: str | None = None
    about: Mapping[str, str] = field(default_factory=dict)
    _edits: dict[torch.device, Edit] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __call__(self, stream: torch.Tensor) -> torch.Tensor:
        """Return a stream float[..., width], each row at the threshold or above up to its type's rounding.

        Is a `places.Change`.
        """
        if (device := stream.device) not in self._edits:
            self._edits[device] = Edit(along_unit(self.direction.to(device)), "floor", self.threshold)
        return self._edits[device](stream)

    @property
    def key(self) -> str:
        """What the cap is known by, whatever file it is in: of its layer, direction and threshold."""
        numbers = [*self.direction.tolist(), self.threshold]
        return fingerprint({"layer": self.layer, "numbers": numbers})[:10]


_PLAIN = ("model", "revision", "layer")


def write_cap(cap: Cap, file: Path) -> None:
    """Write a cap as safetensors. Raises StudyError where the file cannot be written."""
    from safetensors.torch import save_file

    tensors = {
        "direction": cap.direction.detach().cpu().contiguous(),
        "threshold": torch.tensor(cap.threshold, dtype=torch.float32),
    }
    plain = {name: str(getattr(cap, name)) for name in _PLAIN if getattr(cap, name) is not None}
    with placed(file) as beside:
        save_file(tensors, beside, {**cap.about, **plain, "format": FORMAT})


def read_cap(file: Path | str) -> Cap:
    """Return the cap in a file. Raises StudyError, naming the file, where it holds none."""
    from safetensors import SafetensorError, safe_open

    if not is_file(file):
        raise StudyError(f"{file}: is no file; `persona cap` writes them")
    try:
        with safe_open(str(file), "pt") as opened:
            about: dict[str, str] = dict(opened.metadata() or {})
            tensors = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118 (no mapping)
    except (OSError, SafetensorError) as error:
        raise StudyError(f"{file}: cannot be read as safetensors ({one_line(str(error), 60)})") from error
    if about.pop("format", None) != FORMAT or tensors.keys() != {"direction", "threshold"}:
        raise StudyError(f"{file}: is no cap; `persona cap` writes them")
    direction, layer = tensors["direction"], about.pop("layer", "")
    if not re.fullmatch(r"\d{1,6}", layer, re.ASCII):
        raise StudyError(f"{file}: its layer is {shown(layer)}, and no whole number")
    check_direction(direction, str(file))
    threshold = tensors["threshold"]
    if threshold.numel() != 1 or not torch.isfinite(threshold).all():
        raise StudyError(f"{file}: its threshold is no finite number")
    model, revision = about.pop("model", ""), about.pop("revision", None)
    return Cap(direction, float(threshold), int(layer), model, revision, about)


def check_direction(direction: torch.Tensor, where: str) -> None:
    """Raise StudyError, beginning with `where`, unless it is float32[width] of length 1."""
    right = direction.ndim == 1 and direction.dtype == torch.float32 and bool(torch.isfinite(direction).all())
    if not right or abs(float(direction.norm()) - 1) > _UNIT:
        raise StudyError(f"{where}: its direction is no vector of length 1 in float32")


@contextmanager
def capped(model: Any, cap: Cap | Path | str) -> Iterator[None]:
    """While open, a transformers model runs under a cap, or under the one in a file.

    Every token is held, of the prompt and of the answer, each once. Raises StudyError where the model has no
    such layer, or its stream has another width; warns where it is called otherwise than the cap's model.
    """
    known = cap if isinstance(cap, Cap) else read_cap(cap)
    with changed(Place(layer_of(model, known), "output"), known):
        yield


def layer_of(model: Any, cap: Cap) -> Any:
    """Return the layer of a transformers model whose output a cap holds. Raises StudyError as `capped`."""
    text = model.get_decoder() if hasattr(model, "get_decoder") else model
    config = text.config.get_text_config()
    layers = text.get_submodule(architecture(config.model_type).layers)
    if cap.layer >= len(layers) or len(cap.direction) != config.hidden_size:
        raise StudyError(
            f"the cap is of layer {cap.layer} of {cap.model!r}, {len(cap.direction)} wide; the model has "
            f"layers 0 to {len(layers) - 1}, {config.hidden_size} wide"
        )
    name = str(getattr(model.config, "_name_or_path", "")).rstrip("/")
    if name and name.rsplit("/", 1)[-1] != cap.model.rstrip("/").rsplit("/", 1)[-1]:
        warnings.warn(f"the cap was measured on {cap.model!r}, and this is {name!r}", stacklevel=3)
    return layers[cap.layer]
