"""What the page of the study's own contrasts is made of."""

from __future__ import annotations

from persona_assets.explorer.contract.shapes import rows_of
from persona_assets.lake.schema import CONTRAST_FEATURES, CONTRASTS

OwnContrast = rows_of(
    "OwnContrast",
    "One of the study's own contrasts; `group` and `against` name what is in them.",
    CONTRASTS,
    also={"group": list[str], "against": list[str]},
)

FeatureOfContrast = rows_of(
    "FeatureOfContrast",
    "What a contrast says of a feature.",
    CONTRAST_FEATURES,
    leave=("contrast", "p", "p_relevant", "rate_p"),
    also={"label": str | None, "distinctness": float | None},
)
