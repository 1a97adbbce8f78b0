"""The responses in which a feature is strongest, role by role, with the tokens around its peak."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
    return examples_of_many(source, sae, {feature_id: roles})[feature_id]


def examples_of_many(source: Source, sae: str, asked: Mapping[int, Sequence[str]]) -> dict[int, list[Json]]:
    """Return the same of many features, each in its own roles."""
    pairs = [(feature_id, role) for feature_id, roles in asked.items() for role in roles]
    files = _files(source, sae, sorted({role for _, role in pairs}))
    found: dict[tuple[int, str], list[Json]] = {pair: [] for pair in pairs}
    if files["activations"] and files["responses"]:
        known = {"activations": files["activations"], "responses": files["responses"]}
        rows = source.rows("examples", **_lists(pairs), limit=N_RESPONSES, **known)
        shown = _evidence(source, [_key(row) for row in rows], files["evidence"])
        for row in rows:
            key = _key(row)
            del row["feature_id"], row["role"]
            found[key[:2]].append(row | shown.get(key, dict.fromkeys(_SHOWN)))
        add_parts(source, [(role, row) for (_, role), rows in found.items() for row in rows])
    return {
        feature_id: [{"role": role, "responses": found[feature_id, role]} for role in roles]
        for feature_id, roles in asked.items()
    }


def evidence_files(source: Source, sae: str, roles: Sequence[str]) -> list[str]:
    """Return the patterns of the files that hold the roles' tokens."""
    return _files(source, sae, roles)["evidence"]


def _evidence(
    source: Source, asked: Sequence[tuple[int, str, int]], files: list[str]
) -> dict[tuple[int, str, int], Json]:
    """Return the kept tokens by feature, role and response; none are after an import of dense files."""
    if not asked or not files:
        return {}
    ids = [response_id for _, _, response_id in asked]
    rows = source.rows("evidence", **_lists([pair for *pair, _ in asked]), response_ids=ids, evidence=files)
    return {_key(row): {key: row[key] for key in _SHOWN} for row in rows}


def _key(row: Json) -> tuple[int, str, int]:
    return row["feature_id"], row["role"], row["response_id"]


def _lists(pairs: Sequence[Sequence[Any]]) -> dict[str, list[Any]]:
    return {"feature_ids": [one for one, _ in pairs], "roles": [role for _, role in pairs]}


def _files(source: Source, sae: str, roles: Sequence[str]) -> dict[str, list[Any]]:
    """Patterns of the roles' files, by table."""
    files: dict[str, list[Any]] = {"responses": [], "activations": [], "evidence": []}
    for row in source.rows("role_files", sae=sae, roles=list(roles)):
        files[row["table_name"]].append(exact_path(row["path"]))
    return files
