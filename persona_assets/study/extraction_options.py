"""What `extraction.engine` may say to the transformers backend."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from persona_assets.base.errors import StudyError
from persona_assets.base.options import checked

ON_GPU = 16384  # tokens per batch, where nobody says how many


class Engine(BaseModel):
    """How the forward pass runs: neither changes results beyond rounding, so neither is fingerprinted.

    `device`: `auto` is a GPU if there is one. `tokens_per_batch` counts padded tokens; a longer conversation
    goes alone.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    device: str = "auto"
    tokens_per_batch: Annotated[int, Field(gt=0)] | None = None

    @property
    def batch_budget(self) -> int:
        """Tokens a batch: on a CPU no more than its cache takes."""
        return self.tokens_per_batch or (2048 if self.device == "cpu" else ON_GPU)


def checked_options(options: dict[str, Any]) -> Engine:
    """Return the options of `extraction.engine`. Raises StudyError for one that is unknown or wrong."""
    return checked(Engine, options, "extraction.engine", "transformers")


def engine_options(options: dict[str, Any]) -> Engine:
    """Return the options with the device that serves here. Raises StudyError, also where there is none."""
    import torch

    engine = checked_options(options)
    if engine.device == "auto":
        return engine.model_copy(update={"device": "cuda" if torch.cuda.is_available() else "cpu"})
    try:
        torch.device(engine.device)
    except RuntimeError as error:
        reason = str(error).splitlines()[0]
        raise StudyError(f"extraction.engine.device: {engine.device!r} is no device: {reason}") from error
    if engine.device.startswith("cuda") and not torch.cuda.is_available():
        raise StudyError("extraction.engine.device: there is no usable GPU here; use cpu")
    return engine
