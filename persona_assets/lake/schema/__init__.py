"""The lake's tables: their columns, keys and how each is laid out in Parquet."""

from __future__ import annotations

from dataclasses import replace

import pyarrow as pa

from persona_assets.lake.schema.across_roles import (
    FEATURE_LABELS,
    FEATURES,
    LENGTH_CONTRASTS,
    ROLE_CONTRASTS,
    ROLE_MATRIX,
    STATISTICS_TABLES,
)
from persona_assets.lake.schema.of_activations import (
    ACTIVATIONS,
    DRAWN_EVIDENCE,
    EVIDENCE,
    FIRST_ACTIVATIONS,
    POOLED,
    RESPONSE_VECTORS,
    ROLE_FEATURES,
    SAE_FIT,
    TOKEN_SHAPES,
    VARIANT_VECTORS,
)
from persona_assets.lake.schema.of_answers import (
    DECLINED_ROLES,
    DECLINED_SCORES,
    DECLINED_TABLES,
    FIRST_CONTRASTS,
    PLAYED_CONTRASTS,
    PLAYED_FEATURES,
    PLAYED_ROLES,
    PLAYED_TABLES,
    ROLE_BASELINES,
)
from persona_assets.lake.schema.of_atlas import (
    ATLAS,
    ATLAS_SUMMARY,
    ATLAS_TABLES,
    METRICS,
    NEIGHBORS,
    ROLE_AXES,
    ROLE_SIMILARITY,
)
from persona_assets.lake.schema.of_attribution import (
    ATTRIBUTION_CHECKS,
    ATTRIBUTION_TABLES,
    FEATURE_ATTRIBUTION,
)
from persona_assets.lake.schema.of_contrasts import (
    CONTRAST_FEATURES,
    CONTRAST_GROUPS,
    CONTRAST_TABLES,
    CONTRASTS,
)
from persona_assets.lake.schema.of_explanations import EXPLAINING, EXPLANATIONS
from persona_assets.lake.schema.of_judges import JUDGEMENTS, JUDGING
from persona_assets.lake.schema.of_responses import ANSWERED_BY, IN_FLIGHT, RESPONSE_SPANS, RESPONSES
from persona_assets.lake.schema.of_runs import (
    DRIFT_CODES,
    DRIFT_FEATURES,
    DRIFT_RUNS,
    DRIFT_TABLES,
    DRIFT_TOKENS,
    DRIFT_TRANSITIONS,
    DRIFT_TURNS,
    SCORES,
)
from persona_assets.lake.schema.of_scores import EXPLANATION_SCORES, SCORING
from persona_assets.lake.schema.of_snapshots import (
    DERIVED,
    FEATURE_TOTALS,
    LEAST_DISTINCT,
    MACROS,
    PREFERRED_LABELS,
    ROLE_ADHERENCE,
    ROLE_ANSWERS,
    ROLE_FINDINGS,
    SMALL_TABLES,
)
from persona_assets.lake.schema.of_steering import (
    ANSWERING,
    INTERVENTION_EFFECTS,
    INTERVENTION_READOUTS,
    STEERED_JUDGING,
    STEERED_RESPONSES,
    STEERING,
    STEERING_TABLES,
)
from persona_assets.lake.schema.of_vectors import (
    ROLE_VECTORS,
    VECTOR_AXES,
    VECTOR_FEATURES,
    VECTOR_POSITIONS,
    VECTOR_TABLES,
)
from persona_assets.lake.schema.of_weights import (
    DECODER_NEIGHBORS,
    DECODERS,
    DIRECTIONS_TABLES,
    FEATURE_GEOMETRY,
    FEATURE_LOGITS,
)
from persona_assets.lake.schema.table import FEATURE_TILE, VARIANT_STRIDE, Column, Table, response_id

TABLES = {
    table.name: table
    for table in (
        RESPONSES, RESPONSE_SPANS, JUDGEMENTS, POOLED, SAE_FIT, EVIDENCE, DRAWN_EVIDENCE, TOKEN_SHAPES,
        ACTIVATIONS, FIRST_ACTIVATIONS, RESPONSE_VECTORS, VARIANT_VECTORS, ROLE_FEATURES, *ATTRIBUTION_TABLES,
        *STATISTICS_TABLES, *PLAYED_TABLES, FIRST_CONTRASTS, *CONTRAST_TABLES, ROLE_BASELINES,
        *DECLINED_TABLES, *ATLAS_TABLES, *VECTOR_TABLES, STEERED_RESPONSES, *STEERING_TABLES,
        EXPLANATIONS, FEATURE_LABELS, EXPLANATION_SCORES,
        *DIRECTIONS_TABLES, *DRIFT_TABLES,
    )
}  # fmt: skip

# Of these a snapshot holds no copy: it reads them from the lake.
VIEWS = (
    RESPONSES, ACTIVATIONS, FIRST_ACTIVATIONS, EVIDENCE, DRAWN_EVIDENCE, TOKEN_SHAPES,
    RESPONSE_VECTORS, VARIANT_VECTORS, ROLE_VECTORS, ROLE_MATRIX, LENGTH_CONTRASTS, FEATURE_LOGITS,
    STEERED_RESPONSES, INTERVENTION_READOUTS,
)  # fmt: skip

# What there is to ask in a snapshot, in the order of the pipeline.
SHOWN = {table.name: table for table in (*SMALL_TABLES, *TABLES.values(), FEATURE_TOTALS, *DERIVED)}

# The tables that a static site's database holds once more, by role, and as what.
BY_ROLE = {table.name: f"{table.name}_by_role" for table in (ROLE_FEATURES, ROLE_CONTRASTS)}

# The tables of the lake whose files decide what each of these holds; all, of what tells of the study.
STANDS_ON = {
    name: (name,) if name in TABLES else table.made_from or tuple(TABLES) for name, table in SHOWN.items()
}

# What users' SQL makes of a snapshot: the files of all marts, each of columns of its own (see `mart_table`).
MARTS = Table(
    "marts", "What SQL files of the study make of its snapshot", columns=(), per_sae=False, per_role=False,
    made_from=tuple(TABLES),
)  # fmt: skip

# And those that no snapshot holds, or not under this name.
EVERY_TABLE = TABLES | {
    table.name: table
    for table in (
        DRIFT_CODES,
        IN_FLIGHT,
        JUDGING,
        ANSWERING,
        STEERED_JUDGING,
        STEERING,
        EXPLAINING,
        SCORING,
        MARTS,
    )
}


def mart_table(name: str, schema: pa.Schema) -> Table:
    """Return the table of one mart's files, which lie in a folder of their own below that of `MARTS`."""
    columns = tuple(Column(field.name, field.type) for field in schema)
    return replace(MARTS, name=f"{MARTS.name}/mart={name}", columns=columns)


__all__ = [
    "ACTIVATIONS",
    "ANSWERED_BY",
    "ANSWERING",
    "ATLAS",
    "ATLAS_SUMMARY",
    "ATLAS_TABLES",
    "ATTRIBUTION_CHECKS",
    "ATTRIBUTION_TABLES",
    "BY_ROLE",
    "CONTRASTS",
    "CONTRAST_FEATURES",
    "CONTRAST_GROUPS",
    "CONTRAST_TABLES",
    "DECLINED_ROLES",
    "DECLINED_SCORES",
    "DECLINED_TABLES",
    "DECODERS",
    "DECODER_NEIGHBORS",
    "DERIVED",
    "DIRECTIONS_TABLES",
    "DRAWN_EVIDENCE",
    "DRIFT_CODES",
    "DRIFT_FEATURES",
    "DRIFT_RUNS",
    "DRIFT_TABLES",
    "DRIFT_TOKENS",
    "DRIFT_TRANSITIONS",
    "DRIFT_TURNS",
    "EVERY_TABLE",
    "EVIDENCE",
    "EXPLAINING",
    "EXPLANATIONS",
    "EXPLANATION_SCORES",
    "FEATURES",
    "FEATURE_ATTRIBUTION",
    "FEATURE_GEOMETRY",
    "FEATURE_LABELS",
    "FEATURE_LOGITS",
    "FEATURE_TILE",
    "FEATURE_TOTALS",
    "FIRST_ACTIVATIONS",
    "FIRST_CONTRASTS",
    "INTERVENTION_EFFECTS",
    "INTERVENTION_READOUTS",
    "IN_FLIGHT",
    "JUDGEMENTS",
    "JUDGING",
    "LEAST_DISTINCT",
    "LENGTH_CONTRASTS",
    "MACROS",
    "MARTS",
    "METRICS",
    "NEIGHBORS",
    "PLAYED_CONTRASTS",
    "PLAYED_FEATURES",
    "PLAYED_ROLES",
    "PLAYED_TABLES",
    "POOLED",
    "PREFERRED_LABELS",
    "RESPONSES",
    "RESPONSE_SPANS",
    "RESPONSE_VECTORS",
    "ROLE_ADHERENCE",
    "ROLE_ANSWERS",
    "ROLE_AXES",
    "ROLE_BASELINES",
    "ROLE_CONTRASTS",
    "ROLE_FEATURES",
    "ROLE_FINDINGS",
    "ROLE_MATRIX",
    "ROLE_SIMILARITY",
    "ROLE_VECTORS",
    "SAE_FIT",
    "SCORES",
    "SCORING",
    "SHOWN",
    "SMALL_TABLES",
    "STANDS_ON",
    "STATISTICS_TABLES",
    "STEERED_JUDGING",
    "STEERED_RESPONSES",
    "STEERING",
    "STEERING_TABLES",
    "TABLES",
    "TOKEN_SHAPES",
    "VARIANT_STRIDE",
    "VARIANT_VECTORS",
    "VECTOR_AXES",
    "VECTOR_FEATURES",
    "VECTOR_POSITIONS",
    "VECTOR_TABLES",
    "VIEWS",
    "Column",
    "Table",
    "mart_table",
    "response_id",
]
