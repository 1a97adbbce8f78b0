"""The atlas as other tools of the field read it: `bundle.json` and `features.csv`."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from persona_assets.atlas.tables import AtlasTables
from persona_assets.base.atomic import placed
from persona_assets.lake.schema import METRICS
from persona_assets.study.settings import AtlasSettings

Json = dict[str, Any]

_DIGITS = 9  # significant: more than float32 holds

_CSV = ("feature_row", "feature_id", "preferred_role", *METRICS, "description", "neuronpedia_url")


@dataclass(frozen=True)
class Dataset:
    """How the bundle names where it comes from: a name, and the interchange files of the same roles."""

    name: str
    aggregated_file: str
    features_dir: str


@dataclass(frozen=True)
class FeatureLabel:
    """What is known of a feature: its description and the address of its page."""

    description: str | None
    url: str | None


_UNLABELLED = FeatureLabel(None, None)


def make_bundle(
    tables: AtlasTables, dataset: Dataset, settings: AtlasSettings, labels: Mapping[int, FeatureLabel]
) -> Json:
    """Return the content of `bundle.json`; `labels` are by feature's id.

    Numbers have nine significant digits; None stands for what there is none of. Roles are sorted; features,
    and `neighbors.indices` that point to them, are in rank order.
    """
    summary = tables.summary.to_pylist()[0]
    atlas = sorted(tables.atlas.to_pylist(), key=lambda row: row["rank"])
    feature_ids = [row["feature_id"] for row in atlas]
    roles = sorted(set(tables.role_similarity["role_a"].to_pylist()))
    return {
        "dataset": _dataset(dataset, settings, summary),
        "guardrails": {
            "note": summary["note"],
            "knn_overlap_at_k": summary["quality_k"],
            "knn_overlap_score": _number(summary["preservation"]),
        },
        "roles": roles,
        "feature_ids": feature_ids,
        "coords": {
            kind: [[_number(row[f"{kind}_x"]), _number(row[f"{kind}_y"])] for row in atlas]
            for kind in ("umap", "pca")
        },
        "neighbors": _neighbors(tables.neighbors, feature_ids),
        "role_similarity": _role_similarity(tables.role_similarity, roles),
        "features": [
            _feature(place, row, roles, labels.get(row["feature_id"], _UNLABELLED))
            for place, row in enumerate(atlas)
        ],
    }


def write_bundle(folder: Path, bundle: Json) -> None:
    """Write `bundle.json` and `features.csv` below `folder`, each whole or not at all.

    Raises StudyError where the disk is full or read-only.
    """
    with placed(folder / "bundle.json") as beside:
        beside.write_text(json.dumps(bundle, allow_nan=False, indent=1))
    with (
        placed(folder / "features.csv") as beside,
        beside.open("w", newline="", encoding="utf-8", errors="replace") as file,
    ):
        writer = csv.DictWriter(file, _CSV, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(feature | feature["metrics"] for feature in bundle["features"])


def _dataset(dataset: Dataset, settings: AtlasSettings, summary: Json) -> Json:
    return {
        "name": dataset.name,
        "aggregated_file": dataset.aggregated_file,
        "features_dir": dataset.features_dir,
        "strategy": settings.strategy,
        "question_centering": summary["role_matrix_mode"] == "question_centered_mean",
        "n_roles": summary["n_roles"],
        "sae_dim": summary["d_sae"],
        "top_k": min(settings.top_k, summary["d_sae"]),
        "random_seed": settings.random_seed,
        "split_seed": settings.split_seed,
        "umap": {
            "n_neighbors": settings.umap_n_neighbors,
            "min_dist": settings.umap_min_dist,
            "random_state": settings.umap_random_state,
        },
        "selection": {
            "alive_count": summary["alive_count"],
            "pass_basic_count": summary["pass_count"],
            "sd_threshold": _number(summary["sd_threshold"]),
            "role_matrix_mode": summary["role_matrix_mode"],
        },
    }


def _neighbors(neighbors: pa.Table, feature_ids: list[int]) -> Json:
    place = {feature_id: row for row, feature_id in enumerate(feature_ids)}
    indices: list[list[int]] = [[] for _ in feature_ids]
    similarities: list[list[float | None]] = [[] for _ in feature_ids]
    for row in sorted(neighbors.to_pylist(), key=lambda row: row["rank"]):
        indices[place[row["feature_id"]]].append(place[row["neighbor_id"]])
        similarities[place[row["feature_id"]]].append(_number(row["similarity"]))
    return {"k": len(indices[0]) if indices else 0, "indices": indices, "similarities": similarities}


def _role_similarity(similarity: pa.Table, roles: list[str]) -> list[list[float | None]]:
    pairs = {(row["role_a"], row["role_b"]): _number(row["similarity"]) for row in similarity.to_pylist()}
    return [[pairs[a, b] for b in roles] for a in roles]


def _feature(place: int, row: Json, roles: list[str], label: FeatureLabel) -> Json:
    return {
        "feature_row": place,
        "feature_id": row["feature_id"],
        "preferred_role_idx": roles.index(row["preferred_role"]),
        "preferred_role": row["preferred_role"],
        "top_roles": [
            {
                "role_idx": roles.index(top["role"]),
                "role": top["role"],
                "activation": _number(top["activation"]),
                "share": _number(top["share"]),
            }
            for top in row["top_roles"]
        ],
        "metrics": {name: _number(row[name]) for name in METRICS},
        "description": label.description,
        "neuronpedia_url": label.url,
    }


def _number(value: float | None) -> float | None:
    """Return `value` rounded, without the sign of zero; None for what JSON has no number for."""
    return float(f"{value:.{_DIGITS}g}") + 0.0 if value is not None and math.isfinite(value) else None
