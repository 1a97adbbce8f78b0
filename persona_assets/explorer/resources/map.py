"""The map of an SAE's selected features, and the table of all that are alive."""

from __future__ import annotations

from typing import Any

from persona_assets.explorer.problems import not_found
from persona_assets.explorer.resources.overview import families
from persona_assets.explorer.resources.source import Source
from persona_assets.explorer.snapshot.asking import Json


def map_of(source: Source, sae: str) -> Json:
    """`{sae}/map.json`. Raises the problem 404 where there is no atlas."""
    summary = _summary(source, sae)
    roles = source.columns("map_roles", sae=sae)["role"]
    alike = families(source, sae, summary["similarity_null"])
    return {
        "roles": roles,
        "families": [[roles.index(role) for role in family] for family in alike],
        "features": source.columns("map", sae=sae, roles=roles),
        "summary": summary,
    }


def neighbors(source: Source, sae: str) -> Json:
    """`{sae}/neighbors.json`. Raises the problem 404 where there is no atlas."""
    _summary(source, sae)
    found: dict[str, list[list[Any]]] = source.columns("neighbors", sae=sae)
    return {"k": max(map(len, found["rows"]), default=0)} | found


def features(source: Source, sae: str) -> dict[str, list[Any]]:
    """`{sae}/features.json`."""
    source.sae(sae)
    return source.columns("features", sae=sae)


def _summary(source: Source, sae: str) -> Json:
    source.sae(sae)
    found = source.row("map_summary", sae=sae)
    if found is None:
        raise not_found(f"no atlas of SAE {sae!r} in this snapshot; `persona run` makes it")
    return found
