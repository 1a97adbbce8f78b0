"""What is posted to the server: JSON of a bounded length."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from starlette.requests import Request

from persona_assets.base.errors import StudyError
from persona_assets.base.given import decoded, meant, parsed_json, shown
from persona_assets.explorer.problems import ProblemError


async def posted(request: Request, form: str, keys: Iterable[str], what: str, longest: int) -> dict[str, Any]:
    """Return the object that the body is, as `form` shows it.

    Raises the problem 400 where it is none, has another key than `keys`, or `what` it asks is longer than
    `longest` bytes.
    """
    if request.headers.get("content-type", "").split(";")[0].strip() != "application/json":
        raise ProblemError(400, f"the body must be JSON: {form}")
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > longest:
            raise ProblemError(400, f"{what} has at most {longest:,} bytes")
    try:
        asked = parsed_json(decoded(body, "the body"), "the body", f"give {form}")
    except StudyError as error:
        raise ProblemError(400, str(error)) from error
    found = asked if isinstance(asked, dict) else {}
    check_keys(found, keys, f"the body must be {form}")
    return found


def check_keys(given: Mapping[str, Any], known: Iterable[str], form: str) -> None:
    """Raise the problem 400, beginning with `form`, where a key is given that is none of the `known` ones."""
    names = sorted(known)
    for one in given:
        if one not in names:
            help_ = meant(one, names, f"its keys are {', '.join(names)}")
            raise ProblemError(400, f"{form}, and has no key {shown(one)}; {help_}")


def is_text(value: Any) -> bool:
    """Return whether `value` is a text without a NUL or half of a surrogate pair."""
    return isinstance(value, str) and not any(mark == "\0" or "\ud800" <= mark <= "\udfff" for mark in value)
