"""The page of one role, its features to compare with another's, and its responses."""

from __future__ import annotations

from typing import Any

from persona_assets.base.queries import orders
from persona_assets.explorer.problems import not_found
from persona_assets.explorer.resources.parts import add_parts
from persona_assets.explorer.resources.source import Source
from persona_assets.explorer.snapshot.asking import Json
from persona_assets.lake.schema import LEAST_DISTINCT

N_STRONGEST = 100  # features of a role that is not compared, or in an order of one's choice
PAGE = 50  # responses


def role(source: Source, sae: str, role: str) -> Json:
    """`{sae}/role/{role}.json`."""
    source.sae(sae)
    known = source.role(role)
    axes = source.rows("axes", sae=sae, role=role)
    measured = {row["role"]: row["n_wordings"] for row in source.known("measured_roles", sae=sae)}
    findings = source.known("findings", sae=sae, role=None)
    source.await_effects()
    features = source.rows("effects_of_role", sae=sae, role=role) or source.rows(
        "role_strongest", sae=sae, role=role, limit=N_STRONGEST
    )
    ids = [row["feature_id"] for row in features]
    echoes = source.rows("echoes_of_role", sae=sae, role=role, features=ids) if role in measured else []
    mapped = source.row("map_summary", sae=sae)
    return known | {
        "instructions": source.rows("instructions", role=role),
        "n_pages": n_pages(source, known),
        "answers": source.row("answers", role=role, least=LEAST_DISTINCT),
        "features": features,
        "nearest": source.rows("nearest_roles", sae=sae, role=role),
        "axes": [{key: axis[key] for key in ("axis", "position", "explained_variance")} for axis in axes],
        "n_wordings": measured.get(role),
        "adherence": source.rows("adherence", role=role),
        "findings": next((row for row in findings if row["role"] == role), None),
        "played": source.row("played", sae=sae, role=role),
        "fit": source.row("fits", sae=sae, role=role),
        "baselines": source.rows("baselines", sae=sae, role=role),
        "echoes": echoes,
        "why_no_assistant": next((axis["reason"] for axis in axes if axis["reason"] is not None), None),
        "similarity_null": None if mapped is None else mapped["similarity_null"],
    }


def features(source: Source, sae: str, role: str) -> dict[str, list[Any]]:
    """`{sae}/role/{role}/features.json`."""
    source.sae(sae), source.role(role)
    return source.columns("role_features", sae=sae, role=role)


def in_order(source: Source, sae: str, role: str, order: str) -> list[Json]:
    """`{sae}/role/{role}/by/{order}.json`. Raises the problem 404 for an order that there is not."""
    source.sae(sae), source.role(role)
    if order not in orders("top_features"):
        raise not_found(f"no order {order!r}; there are {', '.join(orders('top_features'))}")
    known = {row["role"] for row in source.known("measured_roles", sae=sae)}
    asked = {"sae": sae, "role": role, "order": order, "limit": N_STRONGEST}
    return source.rows("role_in_order", **asked) if role in known else []


def responses(source: Source, role: str, page: int) -> Json:
    """`role/{role}/responses/{page}.json`. Raises the problem 404 beyond the last page."""
    last = n_pages(source, source.role(role))
    if not 1 <= page <= max(last, 1):
        raise not_found(f"role {role!r} has {last} pages of responses, no page {page}")
    found = source.rows("responses_page", role=role, limit=PAGE, offset=PAGE * (page - 1))
    add_parts(source, [(role, row) for row in found])
    return {"page": page, "n_pages": last, "responses": found}


def n_pages(source: Source, known: Json) -> int:
    """Return how many pages the role `known` has: all its responses, or as many as a static site takes."""
    pages = -(-int(known["n_responses"]) // PAGE)
    return pages if source.max_pages is None else min(pages, source.max_pages)
