"""What `generation.engine` may say to the transformers backend."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from persona_assets.errors import StudyError


class Engine(BaseModel):
    """How many responses are written at once, and where: by default on a GPU if there is one."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    batch_size: Annotated[int, Field(gt=0)] = 64
    device: str | None = None


def checked_options(options: dict[str, Any]) -> Engine:
    """Return the options of `generation.engine`. Raises StudyError for one that is unknown or wrong."""
    try:
        return Engine.model_validate(options)
    except ValidationError as error:
        problem = error.errors()[0]
        key = ".".join(str(part) for part in problem["loc"])
        if problem["type"] == "extra_forbidden":
            raise StudyError(
                f"generation.engine: unknown option {key!r} for transformers; it takes "
                f"{', '.join(Engine.model_fields)}"
            ) from None
        raise StudyError(f"generation.engine.{key}: {problem['msg']}") from None
