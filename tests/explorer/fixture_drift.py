"""Synthetic drift runs for a site of `fixture_site`: an own one, a sensitive one, one of another tool.

`python -m tests.explorer.fixture_drift FOLDER --turns 500 --tokens 40` adds them to the site in FOLDER.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np

from tests.explorer.fixture_site import HOSTILE, WORDS

Json = dict[str, Any]
SCORES = ("projection", "cosine_axis", "cosine_anchor")
DROP = 6  # the turn at which the synthetic conversations leave the assistant


def write_drift(site: Path, turns: int = 12, tokens: int = 60) -> list[str]:
    """Add four runs to the site in `site`, say so in its study, and return their ids."""
    data = site / "data"
    study = json.loads((data / "study.json").read_text())
    (data / "study.json").write_text(json.dumps(study | {"has_drift": True}))
    roles = [entry["role"] for entry in study["roles"]]
    features = json.loads((data / "demo" / "features.json").read_text())["feature_id"]
    rng = np.random.default_rng(3)
    runs = [
        _run(rng, "00000000aa", "a long voyage", turns, tokens, roles, features),
        _capped(_run(rng, "00000000dd", "one voyage under a cap", turns, tokens, roles, features)),
        _run(rng, "00000000bb", HOSTILE[1], 9, 30, roles, features) | {"sensitive": True} | _FEW_PLAIN,
        _foreign(_run(rng, "00000000cc", "from another tool", 8, 20, roles, features)),
    ]
    (data / "drift" / "run").mkdir(parents=True, exist_ok=True)
    for run in runs:
        (data / "drift" / "run" / f"{run['run']}.json").write_text(json.dumps(run, allow_nan=False))
    entries = [{key: run[key] for key in _ENTRY} for run in runs]
    (data / "drift.json").write_text(json.dumps({"runs": entries, **_OF_THE_FOLDER}))
    return [run["run"] for run in runs]


_FEW_PLAIN: Json = {"plain": {"names": "plain*", "is_plain": True, "n": 3, "p": 0.25}}

_OF_THE_FOLDER: Json = {
    "default_run": "00000000cc",
    "unreadable": [{"run": "broken", "name": HOSTILE[0], "reason": "ui_bundle.json: q1: Field required"}],
}

_ENTRY = (
    "run",
    "name",
    "sensitive",
    "sae",
    "own_sae",
    "neuronpedia",
    "model",
    "anchor",
    "score",
    "n_turns",
    "n_tokens",
    "n_answer_tokens",
    "largest_drop",
    "n_below_band",
    "p",
    "least_of",
    "plain",
    "cap",
    "verdict",
    "max_correlation",
)


def _run(
    rng: np.random.Generator,
    run: str,
    name: str,
    turns: int,
    tokens: int,
    roles: list[str],
    features: list[int],
) -> Json:
    path = np.where(np.arange(turns) < DROP, 1.2, 0.3) + rng.normal(0, 0.08, turns)
    path[DROP] = 0.1
    content = [_turn(rng, turn, float(path[turn]), tokens, roles) for turn in range(turns)]
    transitions = [_transition(rng, turn, path, features) for turn in range(1, turns)]
    shown = {feature for one in transitions for feature in one["features"]["feature_id"]}
    drop = float(path[DROP] - path[DROP - 1])
    return {
        "run": run,
        "name": name,
        "sensitive": False,
        "sae": "demo",
        "own_sae": "demo",
        "neuronpedia": None,
        "model": "toy/model",
        "anchor": "default",
        "score": "projection",
        "n_turns": turns,
        "n_tokens": turns * (tokens + 20),
        "n_answer_tokens": turns * tokens,
        "largest_drop": {"turn": DROP, "change": drop},
        "n_below_band": int((path < 0.9).sum()),
        "p": 0.02,
        "least_of": 588 if turns == 12 else None,
        "plain": {"names": "plain*", "is_plain": False, "n": 40, "p": 0.0244},
        "cap": None,
        "verdict": "HIGH",
        "max_correlation": None,
        "space": {
            "space": "sae",
            "pooling": "mean",
            "transform": "log1p",
            "centred": True,
            "normalized": False,
            "axis": "difference",
            "axis_cosine": 0.81,
            "n_roles": len(roles),
            "compared_with": roles[1:],
            "n_draws": 200,
        },
        "played": {"n_roles": 3, "axis_cosine": 0.93, "p": 0.4},
        "messages": _messages(rng, content),
        "turns": content,
        "transitions": transitions,
        "features": {str(feature): _feature(rng, row, roles) for row, feature in enumerate(sorted(shown))},
        "confounds": _confounds(),
    }


def _turn(rng: np.random.Generator, turn: int, value: float, tokens: int, roles: list[str]) -> Json:
    projection = rng.normal(value, 0.6, tokens)
    low, high = np.percentile(projection, [5, 95])
    pieces = [" " + word for word in rng.choice(WORDS, tokens).tolist()]
    pieces[min(4, tokens - 1)] = HOSTILE[turn % 7]
    nearest = sorted(rng.choice(roles, 5, replace=False).tolist())
    return {
        "turn": turn,
        "message": 2 * turn + 2,
        "n_tokens": tokens,
        "n_active_features": 120 + turn,
        "norm": 3.2,
        "n_answers": 90,
        "scores": {
            score: {"value": value, "low": 0.9, "high": 1.5, "p": 0.011, "run_low": 0.8}
            if score == "projection"
            else {"value": value / 2, "low": 0.4, "high": 0.8, "p": 0.3, "run_low": None}
            for score in SCORES
        },
        "played": {"value": value + 1, "low": 0.5, "high": 2.5, "p": 0.6, "run_low": None},
        "plain": {"low": 0.6 - turn / 100, "high": 1.4, "p": 0.22},
        "uncapped": None,
        "nearest": [{"role": role, "cosine": 0.9 - row / 10} for row, role in enumerate(nearest)],
        "tokens": {
            "piece": pieces,
            "projection": [round(float(one), 6) for one in projection],
            "scaled": [round(float(one), 6) for one in np.clip((projection - low) / (high - low), 0, 1)],
        },
    }


def _messages(rng: np.random.Generator, turns: list[Json]) -> list[Json]:
    messages: list[Json] = [{"role": "system", "content": "Answer in your own voice.", "turn": None}]
    for turn in turns:
        question = f"And what of {WORDS[turn['turn'] % len(WORDS)]}? {HOSTILE[turn['turn'] % len(HOSTILE)]}"
        messages.append({"role": "user", "content": question, "turn": None})
        answer = "".join(turn["tokens"]["piece"])
        messages.append({"role": "assistant", "content": answer, "turn": turn["turn"]})
    return messages


def _transition(rng: np.random.Generator, turn: int, path: np.ndarray, features: list[int]) -> Json:
    n = 30
    delta, weight = rng.normal(0, 0.4, n), rng.normal(0, 0.3, n)
    contribution = delta * weight
    away = -contribution[contribution < 0].sum()
    chosen = rng.choice(features, n, replace=False)
    change = float(path[turn] - path[turn - 1])
    columns: dict[str, list[float]] = {
        "feature_id": [int(one) for one in chosen],
        "delta": _rounded(delta),
        "weight": _rounded(weight),
        "contribution": _rounded(contribution),
        "share_of_change": _rounded(np.abs(delta) / np.abs(delta).sum() / 2),
        "share_of_away": _rounded(np.clip(-contribution, 0, None) / away),
    }
    return {
        "turn": turn,
        "previous": turn - 1,
        "changes": {"projection": change, "cosine_axis": change / 2, "cosine_anchor": change / 2},
        "toward_mass": float(contribution[contribution > 0].sum()),
        "away_mass": float(away),
        "n_features": 412,
        "features": columns,
        "by_contribution": np.argsort(-np.abs(contribution))[:20].tolist(),
        "by_change": np.argsort(-np.abs(delta))[:20].tolist(),
        "covered": {"by_contribution": 0.84, "by_change": 0.31},
    }


def _feature(rng: np.random.Generator, row: int, roles: list[str]) -> Json:
    label = HOSTILE[row][:300] if row < len(HOSTILE) else " ".join(rng.choice(WORDS, 5).tolist())
    strongest = rng.choice(roles, 3, replace=False).tolist()
    profile = [{"role": role, "share": share} for role, share in zip(strongest, (0.4, 0.2, 0.1), strict=True)]
    return {"label": label, "roles": profile, "profile": None}


def _confounds() -> list[Json]:
    found = (
        ("norm", 0.82, "HIGH"),
        ("n_active_features", -0.52, "MODERATE"),
        ("n_tokens", 0.11, "LOW"),
    )
    return [
        {"score": score, "confound": confound, "r": r, "low": r - 0.1, "high": r + 0.1, "verdict": verdict}
        for score in SCORES
        for confound, r, verdict in found
    ]


def _capped(run: Json) -> Json:
    """A run under a cap: without it, each score is lower by a half."""
    for turn in run["turns"]:
        turn["uncapped"] = {score: value["value"] - 0.5 for score, value in turn["scores"].items()}
    cap = {"of": "00000000aa", "how": "read", "threshold": -1.25}
    return run | {"cap": cap, "plain": None, "largest_drop": None}


def _foreign(run: Json) -> Json:
    """What a folder of another tool leaves: one score, no bands, no nearest roles, no space of its own."""
    for turn in run["turns"]:
        turn |= {"message": None, "n_active_features": None, "norm": None, "n_answers": None, "nearest": []}
        turn |= {"played": None, "plain": None}
        turn["scores"] = dict.fromkeys(SCORES)
        turn["scores"]["projection"] = {
            "value": 0.5 - turn["turn"] / 10,
            **dict.fromkeys(("low", "high", "p", "run_low")),
        }
    for one in run["transitions"]:
        one |= {"n_features": None, "covered": {"by_contribution": None, "by_change": None}}
        one["changes"] |= {"cosine_axis": None, "cosine_anchor": None}
    for feature in run["features"].values():
        feature |= {"roles": [], "profile": "pirate 0.4, ghost 0.2"}
    space = run["space"] | {"axis_cosine": None, "n_roles": None, "compared_with": [], "n_draws": None}
    unknown = dict.fromkeys(("n_tokens", "n_below_band", "p", "least_of", "plain", "played")) | {
        "confounds": []
    }
    known = {"verdict": "HIGH", "max_correlation": 0.975, "sae": "layer_40_width_65k_l0_medium"}
    elsewhere = {"own_sae": None, "neuronpedia": "gemma-3-27b-it/40-gemmascope-2-res-65k"}
    return run | unknown | known | elsewhere | {"space": space}


def _rounded(values: np.ndarray) -> list[float]:
    return [float(f"{value:.6g}") for value in values.tolist()]


def main() -> None:
    """Add runs from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--turns", type=int, default=12)
    parser.add_argument("--tokens", type=int, default=60)
    options = parser.parse_args()
    print(*write_drift(options.folder, options.turns, options.tokens))


if __name__ == "__main__":
    main()
