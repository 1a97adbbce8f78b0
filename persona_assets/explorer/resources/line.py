"""The assistant axis: where the roles lie, what marks its ends and each role, each with a sentence."""

from __future__ import annotations

from collections.abc import Sequence

from persona_assets.base.lit import sentence
from persona_assets.explorer.resources.examples import evidence_files
from persona_assets.explorer.resources.overview import axes
from persona_assets.explorer.resources.source import Source
from persona_assets.explorer.snapshot.asking import Json

AXIS = "assistant"
N_OF_END, N_OF_ROLE = 5, 3  # features

_NO_SENTENCE = dict.fromkeys(("role", "response_id", "start", "pieces", "activations"))


def line(source: Source, sae: str) -> Json:
    """`{sae}/line.json`. An end's features are the anchor's: those that it has more of, or less."""
    source.sae(sae)
    anchor = (source.row("study") or {})["anchor"]
    mapped = source.row("map_summary", sae=sae)
    others = [row["role"] for row in source.known("measured_roles", sae=sae) if row["role"] != anchor]
    return {
        "axis": next((axis for axis in axes(source, sae) if axis["axis"] == AXIS), None),
        "unit": None if mapped is None else mapped["axes_unit"],
        "toward": _marks(source, sae, anchor, 1, N_OF_END, [anchor]),
        "away": _marks(source, sae, anchor, -1, N_OF_END, others),
    }


def marks_of_role(source: Source, sae: str, role: str) -> Json:
    """`{sae}/line/{role}.json`."""
    source.sae(sae), source.role(role)
    return {"role": role, "marks": _marks(source, sae, role, 1, N_OF_ROLE, [role])}


def _marks(source: Source, sae: str, role: str, sign: int, limit: int, within: Sequence[str]) -> list[Json]:
    """Return the features that mark a role, each with the sentence of the roles `within` where it peaks."""
    marks = source.rows("marks", sae=sae, role=role, sign=sign, limit=limit)
    files = evidence_files(source, sae, within) if marks else []
    ids = [mark["feature_id"] for mark in marks]
    found = source.rows("strongest_evidence", evidence=files, features=ids) if files else []
    shown = {row.pop("feature_id"): row | _cut(row) for row in found}
    return [mark | shown.get(mark["feature_id"], _NO_SENTENCE) for mark in marks]


def _cut(row: Json) -> Json:
    """Return the sentence of a window of tokens in which its peak lies."""
    first, last = sentence(row["pieces"], row["activations"])
    return {
        "start": row["start"] + first,
        "pieces": row["pieces"][first:last],
        "activations": row["activations"][first:last],
    }
