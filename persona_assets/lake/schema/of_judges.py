"""The table of what judges say of each role's responses, and what an answer of a judge counts for."""

from __future__ import annotations

from persona_assets.lake.schema.of_responses import IDENTIFIED
from persona_assets.lake.schema.table import BOOL, DOUBLE, INT, TEXT, Column, Table

# Below so much probability of the scale's tokens a judge was about to say something else: its text counts.
LEAST_MASS = 0.5
_BY_TEXT = f"f.scale_mass < {LEAST_MASS}"
RATING = f"case when f.scale_mass >= {LEAST_MASS} then f.expected else f.score end"


def rating(score: int | None, expected: float | None, scale_mass: float | None) -> float | None:
    """Return what a judge's answer counts for, as `RATING` does in SQL."""
    return expected if scale_mass is not None and scale_mass >= LEAST_MASS else score


JUDGEMENTS = Table(
    "judgements", "What each judge of the study says of a role's responses, one row per response and judge",
    columns=(
        *IDENTIFIED,
        Column("judge", TEXT, "The judge's name in the study"),
        Column("score", INT, "The score that the judge's answer names; NULL where it names none of the scale",
            nullable=True),
        Column("expected", DOUBLE, "Mean of the scale's scores by the judge's probabilities of their tokens; "
            "NULL where it gives none", nullable=True),
        Column("scale_mass", DOUBLE, "The probability that those tokens have together: a small one says that "
            "the judge was about to say something else", nullable=True),
        Column("text", TEXT, "What the judge answered, untrusted; NULL where it was not asked, since the "
            "response holds a control token of the judge's model, or where scores are read from a file",
            nullable=True),
        Column("rating", DOUBLE, f"What the answer counts for: expected where scale_mass is at least "
            f"{LEAST_MASS}, else score", nullable=True, made_of=RATING),
        Column("by_text", BOOL, "Whether the judge gave probabilities, and yet its text is the rating",
            nullable=True, made_of=_BY_TEXT),
    ),
    made_from=("responses",),
    per_sae=False,
)  # fmt: skip

# Not a table to ask: the parts of a role whose responses are being judged.
JUDGING = Table(
    "judging", "The parts of a role whose responses are being judged",
    columns=(
        Column("response_id", INT),
        Column("score", INT),
        Column("expected", DOUBLE),
        Column("scale_mass", DOUBLE),
        Column("text", TEXT),
        Column("prompt_hash", TEXT),
    ),
    per_sae=False,
)  # fmt: skip
