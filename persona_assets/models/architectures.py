"""Where each architecture of language models keeps its layers, and the streams of a layer.

`architectures.json` holds it, made from TransformerLens's adapters by `make architectures`, so that nothing
imports TransformerLens when a study runs. Per text configuration's `model_type` it says the path of the
layers below the text model; for each hook point the module below a layer and its side; and, where a family
has members whose sublayers are wired in another way, the settings under which the hook points hold.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from persona_assets.base.errors import StudyError

_TABLE = Path(__file__).parent / "architectures.json"
_OF_THE_LAYER = frozenset({"hook_resid_pre", "hook_resid_post"})  # hold however a layer is wired inside


@dataclass(frozen=True)
class Tap:
    """How a site is read: the `side` of a module below the layer ("" is the layer itself).

    `normalized` stands for a norm's output before its gain, which no module gives out.
    """

    module: str
    side: Literal["input", "output", "normalized"]


@dataclass(frozen=True)
class Architecture:
    """A family's layers, below its text model; its sites; and the settings under which these hold."""

    name: str
    layers: str
    sites: Mapping[str, Tap]
    where: Mapping[str, Any]

    def check(self, site: str, config: Any, what: str) -> None:
        """Raise StudyError, beginning with `what`, where a model of this configuration has no such site."""
        if site not in self.sites:
            known = ", ".join(self.sites)
            raise StudyError(f"{what} is not served on architecture {self.name!r}; these are: {known}")
        for name, value in self.where.items():
            if site not in _OF_THE_LAYER and getattr(config, name, value) != value:
                raise StudyError(
                    f"{what} is not served on a model of architecture {self.name!r} whose {name} is "
                    f"{getattr(config, name)!r}; these are: {', '.join(sorted(_OF_THE_LAYER))}"
                )


def architecture(model_type: str) -> Architecture:
    """Return what is known of a text model's architecture. Raises StudyError where it is not served."""
    if model_type not in architectures():
        raise StudyError(
            f"model architecture {model_type!r} is not served by extraction; these are: "
            f"{', '.join(architectures())}"
        )
    return architectures()[model_type]


@lru_cache(maxsize=1)
def architectures() -> dict[str, Architecture]:
    """Return every architecture that is served, by its name."""
    table = json.loads(_TABLE.read_text(encoding="utf-8"))
    return {
        name: Architecture(
            name,
            entry["layers"],
            {site: Tap(module, side) for site, (module, side) in entry["sites"].items()},
            entry.get("where", {}),
        )
        for name, entry in table.items()
    }
