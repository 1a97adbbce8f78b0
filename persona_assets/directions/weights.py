"""Single weights of a model, read from its safetensors files where they lie; the rest is not loaded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from persona_assets.base.errors import StudyError
from persona_assets.base.given import read_json
from persona_assets.models.loading import locate

if TYPE_CHECKING:
    import torch

_INDEX = "model.safetensors.index.json"
# Before a weight's own name: multimodal models keep their text model deeper, GPT-2 has no `transformer`.
_PREFIXES = ("", "model.", "language_model.", "model.language_model.", "transformer.")
_ALSO = {"lm_head.weight": "embed_out.weight"}  # GPT-NeoX's, in its files


@dataclass(frozen=True)
class Weights:
    """A model's weights by name, each with the file that holds it."""

    model: str
    files: dict[str, Path]

    @classmethod
    def of(cls, model: str, revision: str | None) -> Weights:
        """Return those of a model on this machine. Raises StudyError where they are not here."""
        from safetensors import safe_open

        folder = _folder(model, revision)
        if (folder / _INDEX).is_file():
            named = read_json(folder / _INDEX)["weight_map"]
            return cls(model, {name: folder / file for name, file in named.items()})
        files: dict[str, Path] = {}
        for file in sorted(folder.glob("*.safetensors")):
            with safe_open(file, "pt") as held:
                files |= dict.fromkeys(held.keys(), file)
        if not files:
            raise StudyError(f"model {model!r}: its folder holds no safetensors to read weights from")
        return cls(model, files)

    def find(self, name: str) -> str | None:
        """Return what the files call the weight that the architecture calls `name`, if they hold it."""
        bare = [name.removeprefix(prefix) for prefix in _PREFIXES if name.startswith(prefix)]
        called = (prefix + short for short in bare for prefix in _PREFIXES)
        return next((one for one in (name, *called, _ALSO.get(name)) if one in self.files), None)

    def rows(self, name: str, at_once: int) -> Iterator[torch.Tensor]:
        """Yield a weight by its file's name, `at_once` of its rows after the other, float32.

        Raises StudyError where its file is not on this machine.
        """
        from safetensors import safe_open

        if not self.files[name].is_file():
            raise StudyError(f"model {self.model!r}: its file {self.files[name].name} is not on this machine")
        with safe_open(self.files[name], "pt") as held:
            lazy = held.get_slice(name)
            for start in range(0, lazy.get_shape()[0], at_once):
                yield lazy[start : start + at_once].float()


def _folder(model: str, revision: str | None) -> Path:
    """Return where a model's files lie: its own folder, or what the hub's cache holds; nothing is fetched."""
    from huggingface_hub import try_to_load_from_cache

    place = Path(locate(model))
    if place.is_absolute():
        return place
    cached = try_to_load_from_cache(model, "config.json", revision=revision)
    if not isinstance(cached, str):
        raise StudyError(f"model {model!r}: its weights are not on this machine")
    return Path(cached).parent
