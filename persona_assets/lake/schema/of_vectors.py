"""The tables of roles in the residual stream: what a study has that keeps vectors of its responses."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pyarrow as pa

from persona_assets.lake.schema.across_roles import across_roles
from persona_assets.lake.schema.of_atlas import ROLE_AXES
from persona_assets.lake.schema.table import DOUBLE, FLOAT, INT, TEXT, Column

_of_vectors = partial(
    across_roles, made_from=("pooled", "activations", "response_vectors", "variant_vectors")
)

ROLE_VECTORS = _of_vectors(
    "role_vectors", "The mean of what each SAE reads over a role's responses, whole and by wording "
    "(extraction.vectors); read from the lake",
    columns=(
        Column("role", TEXT),
        Column("variant", INT, "NULL: over all of the role's responses", nullable=True),
        Column("n", INT, "Pooled responses"),
        Column("vector", pa.list_(FLOAT), "Mean over these of response_vectors, scale x vector, or of "
            "variant_vectors"),
    ),
)  # fmt: skip

VECTOR_AXES = _of_vectors(
    "vector_axes", "Axes between roles in what each SAE reads, as role_axes has them in its features, and "
    "how much of each the SAE carries",
    columns=(
        Column("axis", TEXT, "assistant: the anchor's role vector less the mean of the other roles'; pc1 to "
            "pc10: principal components of the role vectors"),
        Column("direction", pa.list_(FLOAT), "Of length 1; NULL where there is no such axis", nullable=True),
        Column("length", DOUBLE, "Of the assistant axis before it has length 1, in units of the stream",
            nullable=True),
        Column("explained_variance", DOUBLE, "The component's share of the variance of role vectors; NULL "
            "for the assistant axis", nullable=True),
        Column("explained_null", DOUBLE, "The 95th percentile of that share where the roles of each "
            "dimension are shuffled (parallel analysis)", nullable=True),
        Column("cosine_with_assistant", DOUBLE, "The cosine of the two axes", nullable=True),
        Column("carried", DOUBLE, "The cosine of the axis with the same difference of the SAE's "
            "reconstructions, over pairs of answers that share neither wording nor question, so that noise "
            "does not lower it; NULL where these are not there, or the axis is not surely more than noise",
            nullable=True),
        Column("carried_low", DOUBLE, "95 % interval of carried, wordings and questions as random "
            "samples; NULL with fewer than three of either", nullable=True),
        Column("carried_high", DOUBLE, nullable=True),
        Column("carried_in_sample", DOUBLE, "The plain cosine of the axis with its reconstruction",
            nullable=True),
        Column("reason", TEXT, "Why there is no such axis, or the SAE carries none", nullable=True),
    ),
)  # fmt: skip

_SAID_OTHERWISE = {
    "axis": "assistant or pc1 to pc10, of vector_axes",
    "position": "Along the axis, from the mean of all roles, in units of the stream; NULL where there is no "
    "assistant axis. Where roles share their questions, and there are two wordings and questions, of answers "
    "that share neither with those the axis is made of: about 0 without a difference. Else as in_sample",
    "explained_null": "The 95th percentile of that share where the roles of each dimension are shuffled "
    "(parallel analysis)",
}

VECTOR_POSITIONS = _of_vectors(
    "vector_positions", "Positions of the compared roles on vector_axes: role_axes has those in the SAE's "
    "features",
    columns=tuple(
        replace(column, comment=_SAID_OTHERWISE.get(column.name, column.comment), later=False)
        for column in ROLE_AXES.columns
        if not column.name.startswith("played_")
    ),
)  # fmt: skip

VECTOR_FEATURES = _of_vectors(
    "vector_features", "How each feature's decoder direction lies to the assistant axis of vector_axes; none "
    "where there is no such axis, or the SAE writes to another stream than it reads",
    columns=(
        Column("feature_id", INT),
        Column("cosine", FLOAT, "Cosine of the decoder direction with the axis, over the axis' length free "
            "of noise; NULL where the axis is not surely more than noise, or roles share no questions",
            nullable=True),
        Column("cosine_low", FLOAT, "95 % interval of cosine, wordings and questions as random "
            "samples; NULL with fewer than three of either", nullable=True),
        Column("cosine_high", FLOAT, nullable=True),
        Column("in_sample", FLOAT, "The plain cosine, which noise in the axis draws to 0"),
        Column("contribution", FLOAT, "The anchor's mean activation less the mean of the other roles', times "
            "what a unit of it writes along the axis, over the axis' length: over all features the sum is "
            "how much of the length the SAE's reconstruction has"),
    ),
)  # fmt: skip

# What lands together, made from the same, in this order.
VECTOR_TABLES = (ROLE_VECTORS, VECTOR_POSITIONS, VECTOR_FEATURES, VECTOR_AXES)
