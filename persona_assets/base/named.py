"""Things that a study names: one of ours by its name, one of the project's own by where its code is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pkgutil import resolve_name
from typing import Any, TypeVar

from persona_assets.base.errors import StudyError
from persona_assets.base.given import one_line, shown
from persona_assets.base.project import import_from, project

Kind = TypeVar("Kind")


def named(name: str, known: Mapping[str, Kind], kind: type[Kind], key: str) -> Kind:
    """Return what the study's `key` names: one of `known`, or the object at `package.module:NAME`.

    The project's own modules can be named without being installed. Raises StudyError where there is no such
    name or object, or it is of another kind.
    """
    if name in known:
        return known[name]
    if ":" not in name:
        ours = ", ".join(known)
        raise StudyError(
            f"{key}: unknown {shown(name)}; known are {ours}, and your own as package.module:NAME"
        )
    import_from(project())
    try:
        found = resolve_name(name)
    except Exception as error:  # somebody else's code, which raises what it likes
        reason = one_line(f"{type(error).__name__}: {error}", 200)
        told = f"{key}: {shown(name)} cannot be imported ({reason}); see docs/extending.md"
        raise StudyError(told) from error
    if not isinstance(found, kind):
        told = f"{key}: {shown(name)} is no {kind.__name__} but of type {type(found).__name__}"
        raise StudyError(f"{told}; see docs/extending.md")
    return found


def later(place: str) -> Callable[..., Any]:
    """Return a function that calls the object at `package.module:NAME`, which is imported only then."""
    return lambda *arguments: resolve_name(place)(*arguments)
