"""What `generation.engine` may say to the transformers backend."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from persona_assets.base.options import checked


class Engine(BaseModel):
    """How many responses are written at once, and where: by default on a GPU if there is one."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    batch_size: Annotated[int, Field(gt=0)] = 64
    device: str | None = None


def checked_options(options: dict[str, Any]) -> Engine:
    """Return the options of `generation.engine`. Raises StudyError for one that is unknown or wrong."""
    return checked(Engine, options, "generation.engine", "transformers")
