"""Which part of a response is thinking, and which is the answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from persona_assets.explorer.resources.source import Source
from persona_assets.explorer.snapshot.asking import Json


def add_parts(source: Source, responses: Mapping[str, Sequence[Json]]) -> None:
    """Add the contract's `parts` to responses, given by role: none where a response is one answer."""
    ids = {row["response_id"] for rows in responses.values() for row in rows}
    found = source.rows("response_parts", roles=list(responses), response_ids=sorted(ids))
    parts = {(row["role"], row["response_id"]): row["parts"] for row in found}
    for role, rows in responses.items():
        for row in rows:
            row["parts"] = parts.get((role, row["response_id"]), [])
