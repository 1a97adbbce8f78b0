"""The tables that speak of all roles together."""

from __future__ import annotations

import pyarrow as pa

from persona_assets.lake.schema.table import DOUBLE, INT, TEXT, Table

_ROLE = pa.dictionary(INT, TEXT)


def _across_roles(name: str, columns: list[tuple[str, pa.DataType]]) -> Table:
    return Table(name, pa.schema(columns), per_sae=True, per_role=False)


ROLE_CONTRASTS = _across_roles(
    "role_contrasts",
    [
        ("role", _ROLE),
        ("feature_id", INT),
        *((name, DOUBLE) for name in ("share", "effect", "effect_low", "effect_high", "auroc", "p", "q")),
    ],
)

FEATURES = _across_roles(
    "features",
    [
        ("feature_id", INT),
        ("alive", pa.bool_()),
        ("mean", DOUBLE),
        ("sd", DOUBLE),
        ("preferred_role", TEXT),
        *((name, DOUBLE) for name in ("entropy", "firing_rate", "length_correlation")),
        *((f"variance_{source}", DOUBLE) for source in ("role", "question", "variant", "residual")),
        ("atlas_alive", pa.bool_()),
        ("atlas_mu", DOUBLE),
        ("atlas_sd", DOUBLE),
        ("stability", DOUBLE),
        ("pass", pa.bool_()),
        ("score", DOUBLE),
    ],
)

# Of the features that passed, so that another map of them needs no other reading of the activations.
ROLE_MATRIX = _across_roles(
    "role_matrix", [("feature_id", INT), ("role", _ROLE), ("value", DOUBLE), ("raw", DOUBLE)]
)

# The metrics of a feature on the map, in the order of the interchange formats.
METRICS = (
    "score", "stability", "sd", "mu", "pref_ratio", "active_frac", "cv", "mean_activation", "max_activation",
    "bridge_entropy",
)  # fmt: skip

ATLAS = _across_roles(
    "atlas",
    [
        ("feature_id", INT),
        ("rank", INT),
        *((name, DOUBLE) for name in ("umap_x", "umap_y", "pca_x", "pca_y")),
        ("preferred_role", TEXT),
        ("top_roles", pa.list_(pa.struct([("role", TEXT), ("activation", DOUBLE), ("share", DOUBLE)]))),
        *((name, DOUBLE) for name in METRICS),
    ],
)

NEIGHBORS = _across_roles(
    "neighbors", [("feature_id", INT), ("rank", INT), ("neighbor_id", INT), ("similarity", DOUBLE)]
)

ROLE_SIMILARITY = _across_roles(
    "role_similarity", [("role_a", TEXT), ("role_b", TEXT), ("similarity", DOUBLE)]
)

ROLE_AXES = _across_roles(
    "role_axes",
    [
        ("axis", TEXT),
        ("role", TEXT),
        ("position", DOUBLE),
        ("explained_variance", DOUBLE),
        ("cosine_with_assistant", DOUBLE),
        ("reason", TEXT),
    ],
)

ATLAS_SUMMARY = _across_roles(
    "atlas_summary",
    [
        ("role_matrix_mode", TEXT),
        *((name, INT) for name in ("n_roles", "d_sae", "alive_count", "pass_count", "selected_count")),
        ("sd_threshold", DOUBLE),
        ("quality_k", INT),
        *((name, DOUBLE) for name in ("preservation", "pca_x_explained", "pca_y_explained")),
        ("note", TEXT),
    ],
)

# Every candidate description of a feature, the preferred one at rank 0.
FEATURE_LABELS = _across_roles(
    "feature_labels",
    [
        ("feature_id", INT),
        ("rank", INT),
        *((name, TEXT) for name in ("description", "source", "model", "url")),
    ],
)

# What lands together, made from the same.
STATISTICS_TABLES = (ROLE_CONTRASTS, FEATURES, ROLE_MATRIX)
ATLAS_TABLES = (ATLAS, NEIGHBORS, ROLE_SIMILARITY, ROLE_AXES, ATLAS_SUMMARY)
