"""A synthetic study's `data/` as the explorer's contract has it, of any size, with hostile text in it.

`python -m tests.explorer.fixture_site FOLDER --roles 276 --selected 5000` writes one to look at.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

Json = dict[str, Any]

HOSTILE = (
    "<img src=x onerror=\"document.title='owned'\">",
    "<script>document.title='owned'</script>",
    "\u202eright to left override\u202c and \u0645\u0631\u062d\u0628\u0627 \u05e9\u05dc\u05d5\u05dd",
    "'; DROP TABLE features; --",
    "&lt;b&gt; {{7*7}} ${alert(1)} \u0000 \ufeff zero\u200bwidth",
    "javascript:alert(1)",
    '=HYPERLINK("http://evil.example","click")',
    "Z\u0361\u0489a\u0334l\u0335g\u0336o\u0337 " + "\U0001f469\u200d\U0001f680" * 20,
    "long " + "w" * 100_000,
)
WORDS = [
    "sea",
    "ghost",
    "whisper",
    "ledger",
    "vow",
    "storm",
    "candle",
    "logic",
    "market",
    "bone",
    "song",
    "harbor",
    "oath",
    "code",
    "proof",
    "grief",
    "laugh",
    "map",
]
THINKING = (1, 2, 3)  # responses that only think, also answer, and also speak in another channel
NOTE = "Distances on the map are not distances between features: trust the neighbors, not the gaps."


@dataclass(frozen=True)
class Size:
    """How large the synthetic study is."""

    roles: int = 14
    selected: int = 400
    alive: int = 900
    pages: int = 30  # features that have a page of their own
    responses: int = 120  # a role


def role_names(n: int) -> list[str]:
    """`n` sorted names of roles, the assistant's `default` and the purely numeric `1984` among them."""
    kinds = (
        "pirate",
        "ghost",
        "analyst",
        "oracle",
        "judge",
        "poet",
        "hermit",
        "trickster",
        "surgeon",
        "sailor",
    )
    names = ["default", "1984", *kinds] + [f"{kinds[i % 10]}_{i // 10 + 2}" for i in range(max(0, n - 12))]
    return sorted(names[:n])


def write_site(folder: Path, size: Size = Size(), snapshot: str = "one", live: bool = False) -> None:
    """Write `folder/data/**.json`; the same `size` gives the same site."""
    rng = np.random.default_rng(7)
    roles = role_names(size.roles)
    features = _features(rng, size, roles)
    data = folder / "data"
    _write(data / "study.json", _study(size, roles, snapshot, live))
    _write(data / "demo" / "map.json", _map(rng, size, roles, features))
    _write(data / "demo" / "neighbors.json", _neighbors(size, features))
    _write(data / "demo" / "features.json", _table(features, roles, size.selected))
    overview = _overview(rng, roles)
    _write(data / "demo" / "roles.json", overview)
    _write_line(data / "demo", overview["axes"][0], roles, features)
    _write(
        data / "examples.json", [{"name": "which", "title": "Which roles fire a feature?", "sql": "SELECT 1"}]
    )
    _write(data / "schema.json", [])
    _write(data / "findings.json", {"findings": [], "unreadable": []})
    for role in roles:
        _write_role(data, rng, size, role, roles, features)
    for row in range(min(size.pages, size.alive)):
        _write_feature(data, rng, size, row, roles, features)


def _write(path: Path, content: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, allow_nan=False, separators=(",", ":")))


def _rounded(values: np.ndarray) -> list[float]:
    return [float(f"{value:.6g}") for value in values.tolist()]


def _sentence(rng: np.random.Generator, n: int) -> str:
    return " ".join(rng.choice(WORDS, n).tolist()).capitalize() + "."


def _features(rng: np.random.Generator, size: Size, roles: list[str]) -> Json:
    n = size.alive
    preferred = rng.choice(len(roles), n, p=rng.dirichlet(np.full(len(roles), 0.7)))
    centres = rng.normal(0, 6, (len(roles), 2))
    labels: list[str | None] = [None if row % 9 == 4 else _sentence(rng, 4 + row % 9) for row in range(n)]
    labels[: len(HOSTILE)] = HOSTILE
    return {
        "ids": np.sort(rng.choice(max(65_536, n), n, replace=False)),
        "preferred": preferred,
        "place": centres[preferred] + rng.normal(0, 1.4, (n, 2)) + rng.standard_t(3, (n, 2)) * 0.4,
        "labels": labels,
        "score": np.sort(rng.gamma(2, 1, n))[::-1],
        "rate": rng.beta(1.2, 4, n),
        "mean": rng.gamma(1.5, 2, n),
        "share": rng.dirichlet([2, 3, 1, 4], n),
    }


def _study(size: Size, roles: list[str], snapshot: str, live: bool) -> Json:
    sae = {
        "sae": "demo",
        "source": "a synthetic SAE",
        "model": "toy/model",
        "hook": "blocks.2.hook_resid_post",
    }
    entries = [
        {
            "role": role,
            "status": "stale" if row == 3 else "fresh",
            "n_responses": size.responses,
            "n_prompts": size.responses,
            "excluded": row == 4,
            "read_by": [] if row == 5 else ["demo"],
        }
        for row, role in enumerate(roles)
    ]
    return {
        "name": "synthetic",
        "snapshot": snapshot,
        "published_at": "2026-11-22T12:00:00Z",
        "live": live,
        "version": version("persona-assets"),
        "saes": [{**sae, "d_sae": 65_536, "n_alive": size.alive, "has_atlas": size.selected > 0}],
        "roles": entries,
        "anchor": "default",
        "n_responses": size.responses * len(roles),
        "n_questions": 240,
        "judge": "gpt",
        "min_score": 2,
        "has_drift": False,
        "has_interventions": False,
        "has_scored_labels": False,
        "default_system_prompt": f"You are a helpful assistant. {HOSTILE[0]}",
    }


def _map(rng: np.random.Generator, size: Size, roles: list[str], features: Json) -> Json:
    n = size.selected
    metrics = {
        "stability": rng.beta(6, 2, n),
        "sd": rng.gamma(2, 0.3, n),
        "mu": features["mean"][:n],
        "pref_ratio": 1 + rng.gamma(1, 2, n),
        "active_frac": features["rate"][:n],
        "cv": rng.gamma(2, 0.5, n),
        "mean_activation": features["mean"][:n],
        "max_activation": features["mean"][:n] * 4,
        "bridge_entropy": rng.uniform(0, 3, n),
        "score": features["score"][:n],
    }
    columns: Json = {name: _rounded(values) for name, values in metrics.items()}
    columns |= {
        "feature_id": features["ids"][:n].tolist(),
        "umap_x": _rounded(features["place"][:n, 0]),
        "umap_y": _rounded(features["place"][:n, 1]),
        "pca_x": _rounded(rng.normal(0, 3, n)),
        "pca_y": _rounded(rng.normal(0, 1, n)),
        "preferred_role": features["preferred"][:n].tolist(),
        "top_roles": [
            [one, (one + 1) % len(roles), (one + 2) % len(roles)]
            for one in features["preferred"][:n].tolist()
        ],
        "top_shares": [[0.25 + row % 60 / 100, 0.15, 0.0] for row in range(n)],
        "label": [label and label[:500] for label in features["labels"][:n]],
    }
    summary = {
        "role_matrix_mode": "question_centered_mean",
        "n_roles": len(roles),
        "alive_count": size.alive,
        "pass_count": size.alive * 3 // 4,
        "selected_count": n,
        "sd_threshold": 0.0123,
        "criterion": "role_test",
        "quality_k": 15,
        "preservation": 0.384,
        "preservation_null": 0.12,
        "map_stability": 0.63,
        "neighbors_stable": 0.71,
        "neighbor_null": 0.3,
        "similarity_null": 0.2,
        "axes_unit": "noise",
        "pca_x_explained": 0.371,
        "pca_y_explained": 0.0624,
        "note": NOTE,
    }
    return {"roles": roles, "families": families_of(len(roles)), "features": columns, "summary": summary}


FAMILIES_IN_ORDER = [[1, 2, 3], [5, 6, 7, 8, 9]]  # of the overview


def families_of(n: int) -> list[list[int]]:
    """Every seventh role is in no family, the others in one of six."""
    return [[row for row in range(n) if row % 7 == family] for family in range(1, 7)]


def _neighbors(size: Size, features: Json, k: int = 10) -> Json:
    place = features["place"][: size.selected]
    rows: list[list[int]] = []
    for start in range(0, size.selected, 256):
        distance = ((place[start : start + 256, None] - place[None, : min(size.selected, 4000)]) ** 2).sum(-1)
        rows += np.argsort(distance, axis=1)[:, 1 : k + 1].tolist()
    similarities = [_rounded(np.linspace(0.97, 0.6, len(row))) for row in rows]
    stable = [[place < k // 2 for place in range(len(row))] for row in rows]
    return {"k": k, "rows": rows, "similarities": similarities, "stable": stable}


COMPARED = ("feature_id", "mean", "firing_rate", "effect", "n_wordings_agree")
COMPONENTS = ("role", "question", "wording", "role_question", "rest")
COMPONENT_SHARES = (0.3, 0.1, 0.15, 0.05, 0.4)


def _table(features: Json, roles: list[str], ranks: int) -> Json:
    n = len(features["ids"])
    shares = features["share"]
    return {
        "feature_id": features["ids"].tolist(),
        "label": [label and label[:500] for label in features["labels"]],
        "preferred_role": [roles[int(place)] for place in features["preferred"]],
        "firing_rate": _rounded(features["rate"]),
        "mean": _rounded(features["mean"]),
        "sd": _rounded(features["mean"] / 2),
        "entropy": _rounded(features["rate"] * 3),
        "score": [value if row < ranks else None for row, value in enumerate(_rounded(features["score"]))],
        "stability": [0.9 if row < ranks else None for row in range(n)],
        **{name: [0.5 if row < ranks else None for row in range(n)] for name in ("role_f", "role_q")},
        "selected": [row < ranks for row in range(n)],
        "variance_role": _rounded(shares[:, 0]),
        "variance_question": _rounded(shares[:, 1]),
        "variance_variant": _rounded(shares[:, 2]),
        **{f"component_{of}": _rounded(shares[:, 0]) for of in COMPONENTS},
        "length_correlation": _rounded(features["rate"] * 2 - 1),
    }


def _played(position: float | None) -> Json:
    near = {"low": -0.4, "high": 0.4}
    return {"played_position": position} | {
        f"played_position_{end}": None if position is None else position + by for end, by in near.items()
    }


def _overview(rng: np.random.Generator, roles: list[str]) -> Json:
    vectors = rng.normal(0, 1, (len(roles), 12))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    axes = [
        {
            "axis": axis,
            "explained_variance": None if axis == "assistant" else 0.4 / (row + 1),
            "explained_null": None if axis == "assistant" else 0.15,
            "anchor_null": 1.2 if axis == "assistant" else None,
            "cosine_with_assistant": 1.0 if axis == "assistant" else 0.3,
            "reason": None,
            "played_axis_cosine": 0.87 if axis == "assistant" else None,
            "positions": [
                {"role": role, "position": value, "position_low": value - 0.2, "position_high": value + 0.3}
                | {"rank_low": 1, "rank_high": len(roles)}
                | _played(None if axis != "assistant" or role == roles[-1] else -value)
                for role, value in zip(roles, _rounded(rng.normal(0, 1, len(roles))), strict=True)
            ],
        }
        for row, axis in enumerate(("assistant", "pc1", "pc2", "pc3"))
    ]
    similarity = [_rounded(line) for line in vectors @ vectors.T]
    fits = [_fit(role) for role in roles[1:]]  # one is not measured
    intervals = {
        f"similarity_{end}": [[value + by for value in line] for line in similarity]
        for end, by in (("low", -0.1), ("high", 0.1))
    }
    alike = {"similarity": similarity, "similarity_null": 0.2} | intervals
    return (
        {"order": roles, "axes": axes, "fits": fits, "families": FAMILIES_IN_ORDER}
        | alike
        | {
            "adherence": [_adherence(role) for role in roles],
            "findings": [_findings(role) for role in roles],
        }
    )


def _write_line(folder: Path, axis: Json, roles: list[str], features: Json) -> None:
    marks = [_mark(row, sign, features) for sign in (1, -1) for row in range(5)]
    _write(folder / "line.json", {"axis": axis, "unit": "noise", "toward": marks[:5], "away": marks[5:]})
    for place, role in enumerate(roles):
        known = [_mark(row, 1, features, role) for row in range(3)] if place else []
        _write(folder / "line" / f"{role}.json", {"role": role, "marks": known})


def _mark(row: int, sign: int, features: Json, role: str = "pirate") -> Json:
    auroc = 0.5 + sign * (0.3 - row / 50)
    effect = {"effect": sign * 1.5, "effect_low": sign * 1.5 - 0.4, "effect_high": sign * 1.5 + 0.4}
    sentence = {
        "role": role,
        "response_id": 100_003,
        "start": 4,
        "pieces": ["The", " sea", ", ", HOSTILE[0], "."],
    }
    return {
        "feature_id": int(features["ids"][row]),
        "label": HOSTILE[row],
        **effect,
        "auroc": auroc,
        "auroc_low": auroc - 0.05,
        "auroc_high": auroc + 0.05,
        "n_wordings_agree": 5,
        "q": 0.01 if row else None,
        **(dict.fromkeys(sentence) if row == 2 else sentence),  # of one no tokens are kept
        "activations": None if row == 2 else [0.0, 3.5, 0.0, 1.25, 0.0],
    }


def _adherence(role: str) -> Json:
    rating = {"rating": 2.25, "lowest_variant": 1.5, "highest_variant": 2.75, "highest": 3}
    return {"role": role, "judge": "gpt", "n_responses": 120, "n_unrated": 2} | rating


def _findings(role: str) -> Json:
    counts = {"n_tested": 900, "n_more": 12, "n_less": 3, "n_relevant": 5}
    return {"role": role, "simes_p": 0.001, "simes_q": 0.01, "level": 0.04} | counts


def _fit(role: str) -> Json:
    return {
        "role": role,
        "fvu": 0.14,
        "l0": 40.0,
        "loss_recovered": None,
        "n_tokens": 1000,
        "n_outliers": 3,
        "n_responses": 16,
    }


def _effect(rng: np.random.Generator, mean: float) -> Json:
    effect = float(rng.normal(0, 1))
    known = {"effect": effect, "effect_low": effect - 0.2, "effect_high": effect + 0.25}
    return {
        **known,
        "auroc": 0.5 + effect / 8,
        "auroc_low": 0.4 + effect / 8,
        "auroc_high": 0.6 + effect / 8,
        "min_wording_auroc": 0.35 + effect / 8,
        "n_wordings_agree": 4,
        "q_relevant": 0.01,
        "role_rank": 3,
        "played_effect": None if mean == 1.0 else effect / 2,
        "first_effect": None if mean == 1.0 else effect / 4,
        "first_effect_low": None if mean == 1.0 else effect / 4 - 0.3,
        "first_effect_high": None if mean == 1.0 else effect / 4 + 0.3,
        "q": float(rng.beta(0.3, 2)),
        "mean": mean,
        "firing_rate": 0.3,
    }


def _write_role(
    data: Path, rng: np.random.Generator, size: Size, role: str, roles: list[str], features: Json
) -> None:
    rows = range(min(200, size.alive))
    strongest = [
        {"feature_id": int(features["ids"][row]), "label": _cut(features["labels"][row])}
        | effect
        | _at_length(effect)
        for row, effect in ((row, _effect(rng, 1.0)) for row in rows)
    ]
    others = sorted(rng.uniform(-0.2, 0.95, len(roles) - 1).tolist(), reverse=True)
    page = {
        "role": role,
        "status": "fresh",
        "excluded": False,
        "instructions": [
            {
                "variant": v,
                "instruction": f"You are {role}. {_sentence(rng, 12)}",
                "system_prompt": None if v == 0 else "x",
            }
            for v in range(5)
        ],
        "n_responses": size.responses,
        "n_pages": -(-size.responses // 50),
        "answers": {"n_responses": 120, "n_distinct": 60, "n_effective": 41.5, "repeats": role == "ghost"},
        "features": sorted(strongest, key=lambda row: -row["effect"]),
        "nearest": [
            {"role": other, "similarity": similarity, "similarity_low": similarity - 0.1}
            | {"similarity_high": similarity + 0.1}
            for other, similarity in zip([one for one in roles if one != role], others, strict=True)
        ],
        "axes": [{"axis": "assistant", "position": 0.4, "explained_variance": None}],
        "n_wordings": 5,
        "findings": _findings(role),
        "played": None,
        "adherence": [_adherence(role)] if role != "ghost" else [],
        "fit": None if role == roles[0] else _fit(role),
        "baselines": [
            {"method": method, "auroc": 0.9, "low": 0.8, "high": 0.95, "n": 60, "n_others": 300}
            | {"features": ids if ids else None, "terms": None if ids else ["aye", HOSTILE[0]]}
            for method, ids in (("feature", [strongest[0]["feature_id"]]), ("words", []))
        ],
        "echoes": [_echo(role, strongest[0]["feature_id"])],
        "why_no_assistant": None,
        "similarity_null": 0.2,
    }
    _write(data / "demo" / "role" / f"{role}.json", page)
    columns = {name: [row[name] for row in strongest] for name in COMPARED}
    errors = {"n_responses": 60, "mean_error": 0.3, "mean_df": 12.0}
    columns |= {name: [value] * len(strongest) for name, value in errors.items()}
    _write(data / "demo" / "role" / role / "features.json", columns)
    for number in range(1, page["n_pages"] + 1):
        rows = range((number - 1) * 50, min(number * 50, size.responses))
        responses = [_response(rng, row) for row in rows]
        content = {"page": number, "n_pages": page["n_pages"], "responses": responses}
        _write(data / "role" / role / "responses" / f"{number}.json", content)


def _cut(label: str | None) -> str | None:
    return label and label[:500]


def _response(rng: np.random.Generator, row: int) -> Json:
    thinks = [("thinking", HOSTILE[0]), ("answer", "Aye."), ("other", HOSTILE[1])][: row % 4]
    return {
        "response_id": row,
        "variant": row % 5,
        "question_id": row // 5,
        "question": f"What of {WORDS[row % len(WORDS)]}?",
        "response": HOSTILE[row] if row < len(HOSTILE) else _sentence(rng, 60),
        "parts": [{"kind": kind, "text": text, "n_tokens": 12} for kind, text in thinks if row in THINKING],
        "n_response_tokens": 80,
        "finish_reason": "stop",
    }


def _write_feature(
    data: Path, rng: np.random.Generator, size: Size, row: int, roles: list[str], features: Json
) -> None:
    feature_id = int(features["ids"][row])
    label = features["labels"][row]
    preferred = roles[int(features["preferred"][row])]
    order = [preferred, *(role for role in roles if role != preferred)]
    one = {"description": label, "source": "cache", "model": "some-model", "scores": []}
    page = {
        "feature_id": feature_id,
        "labels": [one] if label else [],
        "url": f"https://www.neuronpedia.org/toy/0/{feature_id}",
        "alive": True,
        "statistics": _statistics(features, row, preferred),
        "roles": _roles_of_feature(rng, size, order),
        "related": [
            {
                "feature_id": int(features["ids"][near]),
                "similarity": 0.9 - near / 100,
                "label": None,
                "preferred_role": preferred,
            }
            for near in range(min(10, size.alive))
        ],
        "logits": [
            {"sign": sign, "piece": f" token{place}", "value": sign * (1 - place / 20)}
            for sign in (1, -1)
            for place in range(10)
        ],
        "written_alike": [
            {"feature_id": int(features["ids"][0]), "cosine": cosine, "label": label, "preferred_role": None}
            for cosine in (0.6, -0.5)
        ],
        "effects": [
            {
                "intervention": "by name",
                "role": order[0],
                "operation": "add",
                "strength": strength,
                "metric": metric,
                "effect": 0.3 * strength,
                "low": low,
                "high": 0.4 * strength,
                "n_questions": 6,
                "against": "feature",
                "n_controls": 59,
                "q": 0.01 * strength,
                "control_low": -0.1,
                "control_high": 0.5,
                "moves": metric == "answer_readout",
            }
            for metric, low in (("answer_readout", 0.2), ("kl", None))
            for strength in (1, 2)
        ],
        "examples": [_examples(rng, role) for role in order[:3]],
    }
    _write(data / "demo" / "feature" / f"{feature_id}.json", page)
    counts = rng.poisson(np.linspace(60, 1, 24)).tolist()
    histogram = {"edges": _rounded(np.linspace(0, 6, 25)), "counts": counts, "n_silent": 900}
    _write(data / "demo" / "histogram" / f"{feature_id}.json", histogram)
    _write(data / "demo" / "peaks" / f"{feature_id}.json", _peaks(feature_id, order))
    lengths = [{"role": role} | _at_length(page["roles"][place]) for place, role in enumerate(order)]
    _write(data / "demo" / "lengths" / f"{feature_id}.json", lengths)


def _echo(role: str, feature_id: int) -> Json:
    counts = {"n_peaks": 3, "n_echoes": 2, "chance": 0.02, "p": 0.03}
    return {"role": role, "feature_id": feature_id, "words": ["sea", role]} | counts


def _peaks(feature_id: int, order: list[str]) -> Json:
    shape = {"token_rate": 0.0123, "n_peaks": 42, "single_token_share": 0.9, "peak_place": 0.4}
    shape |= {"position_correlation": 0.12, "position_low": 0.08, "position_high": 0.16}
    tokens = [
        {"from_activation": 2 ** (at / 2), "to_activation": 2 ** ((at + 1) / 2), "n_tokens": 400 // (1 + at)}
        for at in range(6)
    ]
    lit = {"start": 4, "pieces": ["the ", "ש", "ל", HOSTILE[0]], "question": "What of the sea?"}
    bands = [
        {"band": band, "n_in_band": 90, "role": order[band % 2], "response_id": band, "max": 2.0 * band}
        | {"drawn": band < 5, "activations": [0, band, 2 * band, 0]}
        | lit
        for band in (5, 4, 3, 1)
    ]
    silent = {"question": "What of the sea?", "max": 9.0, "fired": "Aye, the sea.", "response": HOSTILE[0]}
    return {
        "shape": shape | {"single_token": " sea"},
        "density": [{"role": role, "token_rate": 0.05 / (1 + place)} for place, role in enumerate(order)],
        # Every third is as of roles from before these were kept.
        "tokens": [one | {"n_roles": max(1, len(order) - 1)} for one in tokens if feature_id % 3],
        "over_range": bands if feature_id % 3 else [],
        "fires_in": order[0],
        "silent": [silent | {"role": order[1], "n_silent": 2, "n_answers": 3}],
        "echoes": [_echo(role, feature_id) for role in order[:2]],
    }


def _statistics(features: Json, row: int, preferred: str) -> Json:
    shares = ("variance_role", "variance_question", "variance_variant", "variance_residual")
    return {
        "firing_rate": float(features["rate"][row]),
        "mean": float(features["mean"][row]),
        "sd": 0.4,
        "entropy": 1.2,
        "preferred_role": preferred,
        "length_correlation": -0.12,
        **dict(zip(shares, features["share"][row].tolist(), strict=True)),
        **dict(zip([f"component_{of}" for of in COMPONENTS], COMPONENT_SHARES, strict=True)),
        "score": float(features["score"][row]),
        "stability": 0.9,
        "role_f": 5.5,
        "role_q": 0.001,
        "rank": row + 1,
    }


def _roles_of_feature(rng: np.random.Generator, size: Size, order: list[str]) -> list[Json]:
    rates = sorted(rng.beta(1, 4, len(order)).tolist(), reverse=True)
    return [
        {"role": role, "n_active_responses": int(rate * size.responses), "n_responses": size.responses}
        | {"max": 9.0, "share": 0.1}
        | {"n_wordings": 5, "q_pooled": 0.5, "p_relevant": 0.01}
        | _effect(rng, rate * 3)
        | {"firing_rate": rate}
        for role, rate in zip(order, rates, strict=True)
    ]


def _at_length(of: Json) -> Json:
    """What stays at equal length of the effect of a role or a feature."""
    effect = of["effect"] / 2
    return {
        "rate_ratio": 1.5,
        "rate_ratio_low": 1.2,
        "rate_ratio_high": 1.9,
        "effect_at_length": effect,
        "effect_at_length_low": effect - 0.2,
        "effect_at_length_high": effect + 0.2,
        "length_overlap": 0.88,
    }


def _examples(rng: np.random.Generator, role: str) -> Json:
    responses = []
    for row in range(3):
        pieces = [" " + word for word in rng.choice(WORDS, 25).tolist()]
        pieces[5], pieces[9] = HOSTILE[row], "\n"
        activations = [0.0 if value < 0.5 else value for value in _rounded(rng.gamma(0.7, 1.5, 25))]
        example = _response(rng, row) | {
            "system_prompt": f"You are {role}.",
            "mean": 1.2,
            "max": max(activations),
        }
        example |= {"n_active": 12, "start": 30, "pieces": pieces, "activations": activations}
        responses.append({name: value for name, value in example.items() if name not in _ROW_ONLY})
    return {"role": role, "responses": responses}


_ROW_ONLY = ("n_response_tokens", "finish_reason")


def main() -> None:
    """Write a site from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    for name, default in Size().__dict__.items():
        parser.add_argument(f"--{name}", type=int, default=default)
    options = vars(parser.parse_args())
    write_site(options.pop("folder"), Size(**options))


if __name__ == "__main__":
    main()
