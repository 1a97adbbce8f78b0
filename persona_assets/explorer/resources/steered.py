"""The interventions that a study has recorded: what they do, and the answers given under their edits."""

from __future__ import annotations

from itertools import groupby

from persona_assets.explorer.problems import not_found
from persona_assets.explorer.resources.source import Source
from persona_assets.explorer.snapshot.asking import Json

MAX_TARGETS, MAX_PAIRS = 40, 200  # of one intervention in the answers of one role
CUT = 4_000  # characters of an answer

_ANSWER = ("response", "n_characters", "n_tokens", "finish_reason", "readout", "loss", "repetition")


def interventions(source: Source, sae: str) -> list[Json]:
    """`{sae}/steered.json`."""
    source.sae(sae)
    return source.rows("steered", sae=sae)


def recorded(source: Source, sae: str, intervention: str, role: str) -> Json:
    """`{sae}/steered/of/{intervention}/{role}.json`. Raises the problem 404 where nothing is recorded."""
    known = (one for one in interventions(source, sae) if one["intervention"] == intervention)
    entry = next((one for one in known if one["role"] == role), None)
    if entry is None:
        raise not_found(f"no intervention {intervention!r} is recorded in the answers of role {role!r}")
    asked = {"sae": sae, "intervention": intervention, "role": role}
    targets = source.rows("steered_targets", **asked, limit=MAX_TARGETS)
    shown = asked | {"targets": [one["target"] for one in targets]}
    return entry | {
        "targets": targets,
        "effects": source.rows("steered_effects", **shown),
        "questions": _questions(source.rows("steered_pairs", **shown, limit=MAX_PAIRS, cut=CUT)),
    }


def _questions(pairs: list[Json]) -> list[Json]:
    """Return the contract's `RecordedQuestion` of rows that are in order of their questions."""
    found = []
    for response_id, of_question in groupby(pairs, key=lambda row: row["response_id"]):
        rows = list(of_question)
        found.append(
            {
                "response_id": response_id,
                "question": rows[0]["question"],
                "plain": {name: rows[0][f"plain_{name}"] for name in _ANSWER},
                "edited": [_edited(row) for row in rows],
            }
        )
    return found


def _edited(row: Json) -> Json:
    return {name: row[name] for name in (*_ANSWER, "target", "strength", "level", "unchanged")}
