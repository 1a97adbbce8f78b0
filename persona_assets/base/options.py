"""The options of an `engine` block, checked by the model of the backend that takes them."""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from persona_assets.base.errors import StudyError
from persona_assets.base.given import meant

Options = TypeVar("Options", bound=BaseModel)


def checked(model: type[Options], options: dict[str, Any], block: str, backend: str) -> Options:
    """Return the options of `block`, such as `generation.engine`, as the backend's model of them.

    Raises StudyError for one that is unknown, missing or wrong; its value is not repeated.
    """
    try:
        return model.model_validate(options)
    except ValidationError as error:
        problems = error.errors()
        misspelt = [problem for problem in problems if problem["type"] == "extra_forbidden"]
        raise StudyError(_complaint((misspelt or problems)[0], model, block, backend)) from None


def _complaint(problem: Any, model: type[BaseModel], block: str, backend: str) -> str:
    key = ".".join(str(part) for part in problem["loc"])
    if problem["type"] == "extra_forbidden":
        remedy = meant(key, model.model_fields, f"it takes {', '.join(model.model_fields)}")
        return f"{block}: unknown option {key!r} for {backend}; {remedy}"
    if problem["type"] == "missing":
        return f"{block}.{key} is missing: {model.model_fields[key].description}"
    return f"{block}.{key}: {problem['msg'].removeprefix('Value error, ')}"
