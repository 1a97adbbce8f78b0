"""A cap: floors under a stream's projections on directions, written to a file and held in a model.

A file is safetensors: `layers` int64[n], from the lowest, `directions` float32[n, width] of length 1,
`thresholds` float32[n], and as metadata what they are of. A token's projection that lies below the layer's
threshold is raised to it, up to the rounding of the stream's type; all else stays as it is. Files of the
first form hold `direction` float32[width] and `threshold` float32[], and the one layer as metadata.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from persona_assets.base.atomic import placed
from persona_assets.base.errors import StudyError
from persona_assets.base.given import is_file, one_line, shown
from persona_assets.lake.fingerprint import fingerprint
from persona_assets.models.architectures import architecture
from persona_assets.models.hooks import HookPoint
from persona_assets.models.places import Place, changed
from persona_assets.steering.edits import Edit, along_unit

FORMAT = "persona cap 2"  # what a file's metadata say of its form
FIRST_FORMAT = "persona cap 1"  # of one layer
_Tensors = Mapping[str, torch.Tensor]

_UNIT = 1e-4  # how far from 1 a direction's length may be


@dataclass(frozen=True)
class Floor:
    """Holds the projection of layer `layer`'s output (from 0) on `direction` at `threshold` or above it.

    `direction` float32[width] has length 1.
    """

    direction: torch.Tensor
    threshold: float
    layer: int
    _edits: dict[torch.device, Edit] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __call__(self, stream: torch.Tensor) -> torch.Tensor:
        """Return a stream float[..., width], each row at the threshold or above up to its type's rounding.

        Is a `places.Change`.
        """
        if (device := stream.device) not in self._edits:
            self._edits[device] = Edit(along_unit(self.direction.to(device)), "floor", self.threshold)
        return self._edits[device](stream)

    @property
    def point(self) -> HookPoint:
        """Where the stream is held."""
        return HookPoint(self.layer, "hook_resid_post")


@dataclass(frozen=True)
class Cap:
    """Floors under the outputs of one layer or of several, each layer once, the lowest first.

    `model` and `revision` name what the streams are of, and `about` says in words where the floors come from.
    """

    floors: tuple[Floor, ...]
    model: str
    revision: str | None = None
    about: Mapping[str, str] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """What the cap is known by, whatever file it is in: of its layers, directions and thresholds."""
        known = [
            {"layer": one.layer, "numbers": [*one.direction.tolist(), one.threshold]} for one in self.floors
        ]
        return fingerprint(known[0] if len(known) == 1 else {"floors": known})[:10]


_PLAIN = ("model", "revision")


def write_cap(cap: Cap, file: Path) -> None:
    """Write a cap as safetensors. Raises StudyError where the file cannot be written."""
    from safetensors.torch import save_file

    tensors = {
        "layers": torch.tensor([one.layer for one in cap.floors]),
        "directions": torch.stack([one.direction.detach().cpu() for one in cap.floors]),
        "thresholds": torch.tensor([one.threshold for one in cap.floors], dtype=torch.float32),
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
            tensors: _Tensors = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118 (no mapping)
    except (OSError, SafetensorError) as error:
        raise StudyError(f"{file}: cannot be read as safetensors ({one_line(str(error), 60)})") from error
    form = about.pop("format", None)
    if form == FIRST_FORMAT and tensors.keys() == {"direction", "threshold"}:
        tensors = _of_one_layer(tensors, about.pop("layer", ""), file)
    elif form != FORMAT or tensors.keys() != {"layers", "directions", "thresholds"}:
        raise StudyError(f"{file}: is no cap; `persona cap` writes them")
    model, revision = about.pop("model", ""), about.pop("revision", None)
    return Cap(_floors(tensors, file), model, revision, about)


def _of_one_layer(tensors: _Tensors, layer: str, file: Path | str) -> _Tensors:
    """Return the content of a file of the first form as one of today's has it."""
    if not re.fullmatch(r"\d{1,6}", layer, re.ASCII):
        raise StudyError(f"{file}: its layer is {shown(layer)}, and no whole number")
    return {
        "layers": torch.tensor([int(layer)]),
        "directions": tensors["direction"][None],
        "thresholds": tensors["threshold"].reshape(-1),
    }


def _floors(tensors: _Tensors, file: Path | str) -> tuple[Floor, ...]:
    layers, directions, thresholds = (tensors[name] for name in ("layers", "directions", "thresholds"))
    n = len(layers) if layers.ndim == 1 and layers.dtype == torch.int64 else 0
    if not n or int(layers[0]) < 0 or not bool((layers.diff() > 0).all()):
        raise StudyError(f"{file}: its layers are no whole numbers from the lowest on, each once")
    right = directions.ndim == 2 and len(directions) == n and directions.dtype == torch.float32
    if not right or not bool(((directions.norm(dim=1) - 1).abs() <= _UNIT).all()):  # no NaN is
        raise StudyError(f"{file}: its directions are no vectors of length 1 in float32, one for each layer")
    if thresholds.shape != (n,) or not torch.isfinite(thresholds).all():
        raise StudyError(f"{file}: its thresholds are no finite numbers, one for each layer")
    return tuple(map(Floor, directions, thresholds.tolist(), layers.tolist()))


@contextmanager
def capped(model: Any, cap: Cap | Path | str) -> Iterator[None]:
    """While open, a transformers model runs under a cap, or under the one in a file.

    Every token is held, of the prompt and of the answer, once in each layer of the cap. Raises StudyError
    where the model has no such layers, or its stream has another width; warns where it is called otherwise
    than the cap's model.
    """
    known = cap if isinstance(cap, Cap) else read_cap(cap)
    with ExitStack() as held:
        for layer, floor in zip(layers_of(model, known), known.floors, strict=True):
            held.enter_context(changed(Place(layer, "output"), floor))
        yield


def layers_of(model: Any, cap: Cap) -> list[Any]:
    """Return the layers of a transformers model whose outputs a cap holds. Raises StudyError as `capped`."""
    text = model.get_decoder() if hasattr(model, "get_decoder") else model
    config = text.config.get_text_config()
    layers = text.get_submodule(architecture(config.model_type).layers)
    check_fits_model(cap, len(layers), config.hidden_size, f"the cap of {cap.model!r}")
    name = str(getattr(model.config, "_name_or_path", "")).rstrip("/")
    if name and name.rsplit("/", 1)[-1] != cap.model.rstrip("/").rsplit("/", 1)[-1]:
        warnings.warn(f"the cap was measured on {cap.model!r}, and this is {name!r}", stacklevel=4)
    return [layers[one.layer] for one in cap.floors]


def check_fits_model(cap: Cap, n_layers: int, width: int, named: str) -> None:
    """Raise StudyError, beginning with `named`, unless a model of `n_layers` of this width can be held."""
    last, wide = cap.floors[-1].layer, len(cap.floors[-1].direction)
    if last >= n_layers or wide != width:
        raise StudyError(
            f"{named}: is of layer {last}, {wide} wide; the model has layers 0 to {n_layers - 1}, "
            f"{width} wide"
        )
