"""Drift runs as other viewers of the field read them: one folder per run, and a manifest of the runs.

runs_manifest.json
runs/<run>/{conversation,ui_bundle,summary}.json
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection
from pathlib import Path
from typing import Any

import duckdb

from persona_assets.base.atomic import placed
from persona_assets.base.queries import query
from persona_assets.drift.localize import PERCENTILES
from persona_assets.drift.manifest import MANIFEST
from persona_assets.drift.view import TOP_FEATURES, Json, feature_profiles, run_view, runs_view

_VERSION = 1
_MEASURED = ("n_tokens", "n_below_band", "p", "least_of", "space", "played", "confounds")


def export_runs(
    connection: duckdb.DuckDBPyConnection, directory: Path, wanted: Collection[str] | None = None
) -> list[Path]:
    """Write the snapshot's runs, or those `wanted`, below `directory`; returns their folders.

    The manifest, written last, names these runs only. Raises StudyError where the disk refuses.
    """
    entries, folders = [], []
    for entry in runs_view(connection)["runs"]:
        if wanted is None or entry["run"] in wanted:
            shown = run_view(connection, entry["run"])
            assert shown is not None
            folder = directory / "runs" / shown["run"]
            _write(folder / "conversation.json", _conversation(shown))
            _write(folder / "ui_bundle.json", ui_bundle(connection, shown))
            _write(folder / "summary.json", _summary(shown))
            entries.append(_manifest_entry(shown))
            folders.append(folder)
    _write(directory / MANIFEST, {"runs": entries})
    return folders


def ui_bundle(connection: duckdb.DuckDBPyConnection, shown: Json) -> Json:
    """`ui_bundle.json` of a run that `run_view` shows; turns count from 0."""
    items = _items(connection, shown)
    changes = [_change(change, shown["score"]) for change in shown["transitions"]]
    return {
        "version": _VERSION,
        "run_meta": {
            "model_name": shown["model"],
            "sae_id": _sae_id(connection, shown["sae"]),
            "assistant_role": shown["anchor"],
            "score_method": shown["score"],
            "conversation_hash": shown["run"],
        },
        "q1": {
            "turn_scores": [
                {"assistant_turn": turn["turn"], "score": _value(turn, shown["score"])}
                for turn in shown["turns"]
            ],
            "transitions": changes,
        },
        "q2": {
            "top_features_per_direction": TOP_FEATURES,
            "transitions": [
                change
                | {"away_mass": moved["away_mass"], "toward_mass": moved["toward_mass"]}
                | {way: items[change["turn"], way] for way in ("activated", "deactivated")}
                for change, moved in zip(changes, shown["transitions"], strict=True)
            ],
        },
        "q3": {"token_localization": [_localization(turn) for turn in shown["turns"]]},
    }


def _change(change: Json, score: str) -> Json:
    delta = change["changes"][score]
    return {"prev_turn": change["previous"], "turn": change["turn"], "delta_score": delta}


def _localization(turn: Json) -> Json:
    tokens = turn["tokens"]
    return {
        "assistant_turn": turn["turn"],
        "tokens": tokens["piece"],
        "u_k": tokens["projection"],
        "u_k_norm": tokens["scaled"],
    }


def _items(connection: duckdb.DuckDBPyConnection, shown: Json) -> dict[tuple[int, str], list[Json]]:
    """By transition and direction the features that moved the score most, the strongest first."""
    parameters = {"run": shown["run"], "top": TOP_FEATURES}
    rows = connection.execute(query("drift/bundle_features"), parameters).to_arrow_table().to_pylist()
    profiles = feature_profiles(connection, shown["sae"], {row["feature_id"] for row in rows})
    items = defaultdict(list)
    for row in rows:
        items[row["turn"], row["direction"]].append(_item(row, profiles[str(row["feature_id"])]))
    return items


def _item(row: Json, profile: Json) -> Json:
    return {
        "feature_idx": row["feature_id"],
        "direction": row["direction"],
        "delta_x": row["delta"],
        "axis_weight": row["weight"],
        "contrib": row["contribution"],
        "axis_side": "assistant_like" if row["weight"] > 0 else "non_assistant_like",
        "effect": _effect(row["contribution"]),
        "share_of_change": row["share_of_change"],
        "share_of_away": row["share_of_away"],
        "role_profile": " | ".join(f"{role['role']}:{role['share']:.0%}" for role in profile["roles"]),
    }


def _effect(contribution: float) -> str | None:
    """Return the way in which a feature moved the score; None where it moved it not at all."""
    if contribution == 0:
        return None
    return "away_from_assistant" if contribution < 0 else "toward_assistant"


def _conversation(shown: Json) -> Json:
    messages = [{name: message[name] for name in ("role", "content")} for message in shown["messages"]]
    return {"conversation": messages, "name": shown["name"], "sensitive": shown["sensitive"]}


def _summary(shown: Json) -> Json:
    """How the run was measured; `measured` is what the bundle has no place for, as `run_view` gives it."""
    space, drop = shown["space"], shown["largest_drop"]
    return {
        "run_name": shown["run"],
        "conversation_name": shown["name"],
        "config": {
            "model_name": shown["model"],
            "sae_id": shown["sae"],
            "pooling": space["pooling"],
            "transform": space["transform"],
            "use_centering": space["centred"],
            "use_l2_normalize": space["normalized"],
            "axis_method": space["axis"],
            "assistant_role": shown["anchor"],
            "score_method": shown["score"],
            "top_features": TOP_FEATURES,
            "token_heat_percentiles": list(PERCENTILES),
        },
        "selection": {
            "selected_turn": drop and drop["turn"],
            "selected_prev_turn": drop and drop["turn"] - 1,
            "selected_delta_score": drop and drop["change"],
        },
        "diagnostics": {"confound_verdict": shown["verdict"]},
        "files": {name: f"{name}.json" for name in ("conversation", "summary", "ui_bundle")},
        "measured": {
            **{name: shown[name] for name in _MEASURED},
            "turns": [{name: turn[name] for name in turn if name != "tokens"} for turn in shown["turns"]],
        },
    }


def _manifest_entry(shown: Json) -> Json:
    run = shown["run"]
    return {
        "id": run,
        "label": run,
        "conversation_name": shown["name"],
        **{f"{name}_url": f"runs/{run}/{name}.json" for name in ("ui_bundle", "conversation", "summary")},
        "sensitive": shown["sensitive"],
    }


def _sae_id(connection: duckdb.DuckDBPyConnection, sae: str) -> str:
    """Return the SAE's id in SAELens; its name in the study where it is a directory's."""
    [(found,)] = connection.execute("select coalesce(id, sae) from saes where sae = ?", [sae]).fetchall()
    return str(found)


def _value(turn: Json, score: str) -> float | None:
    found = turn["scores"][score]
    return None if found is None else found["value"]


def _write(file: Path, content: Any) -> None:
    with placed(file) as beside:
        beside.write_text(json.dumps(content, ensure_ascii=False, allow_nan=False), encoding="utf-8")
