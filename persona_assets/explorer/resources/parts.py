"""Which part of a response is thinking, and which is the answer."""

from __future__ import annotations

from collections.abc import Sequence

from persona_assets.explorer.resources.source import Source
from persona_assets.explorer.snapshot.asking import Json


def add_parts(source: Source, responses: Sequence[tuple[str, Json]]) -> None:
    """Add the contract's `parts` to responses, each with its role: none where a response is one answer."""
    asked = sorted({(role, row["response_id"]) for role, row in responses})
    roles, ids = [role for role, _ in asked], [response_id for _, response_id in asked]
    found = source.rows("response_parts", roles=roles, response_ids=ids)
    parts = {(row["role"], row["response_id"]): row["parts"] for row in found}
    for role, row in responses:
        row["parts"] = parts.get((role, row["response_id"]), [])
