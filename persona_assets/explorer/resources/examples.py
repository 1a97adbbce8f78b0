"""The responses in which a feature is strongest, role by role, with the tokens around its peak."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from persona_assets.base.duck import exact_path
from persona_assets.explorer.resources.parts import add_parts
from persona_assets.explorer.resources.source import Source
from persona_assets.explorer.snapshot.asking import Json

N_RESPONSES = 5  # of each role

_SHOWN = ("start", "pieces", "activations")


def examples(source: Source, sae: str, feature_id: int, role: str) -> Json:
    """`{sae}/feature/{feature_id}/{role}.json`."""
    source.sae(sae), source.role(role)
    return examples_of(source, sae, feature_id, [role])[0]


def examples_of(source: Source, sae: str, feature_id: int, roles: Sequence[str]) -> list[Json]:
    """Return the contract's `ExamplesOfRole` of each of `roles`, in that order."""
    files = _files(source, sae, roles)
    found: dict[str, list[Json]] = {role: [] for role in roles}
    if files["activations"] and files["responses"]:
        known = {"activations": files["activations"], "responses": files["responses"]}
        shown = _evidence(source, feature_id, files["evidence"])
        for row in source.rows("examples", feature_id=feature_id, limit=N_RESPONSES, **known):
            role = row.pop("role")
            found[role].append(row | shown.get((role, row["response_id"]), dict.fromkeys(_SHOWN)))
        add_parts(source, found)
    return [{"role": role, "responses": responses} for role, responses in found.items()]


def evidence_files(source: Source, sae: str, roles: Sequence[str]) -> list[str]:
    """Return the patterns of the files that hold the roles' tokens."""
    return _files(source, sae, roles)["evidence"]


def _evidence(source: Source, feature_id: int, files: list[str]) -> dict[tuple[str, int], Json]:
    """Return the kept tokens by role and response; none are after an import of dense files."""
    rows = source.rows("evidence", feature_id=feature_id, evidence=files) if files else []
    return {(row["role"], row["response_id"]): {key: row[key] for key in _SHOWN} for row in rows}


def _files(source: Source, sae: str, roles: Sequence[str]) -> dict[str, list[Any]]:
    """Patterns of the roles' files, by table."""
    files: dict[str, list[Any]] = {"responses": [], "activations": [], "evidence": []}
    for row in source.rows("role_files", sae=sae, roles=list(roles)):
        files[row["table_name"]].append(exact_path(row["path"]))
    return files
