"""In which order an SAE's features are worth asking about."""

from __future__ import annotations

import numpy as np

from persona_assets.analysis.selection import ranked
from persona_assets.lake.schema import FEATURES
from persona_assets.models.sae import sae_width
from persona_assets.stages.across_roles import AcrossRoles


def worth_labelling(across: AcrossRoles, sae: str) -> list[int]:
    """The ids of the features that fire in any role, those of the atlas first, then by how often they fire.

    All of the SAE's where the roles are not compared yet. Raises StudyError where a file is damaged.
    """
    file = across.file(FEATURES, sae)
    if file is None:
        return list(range(sae_width(across.study.settings.extraction.saes[sae])))
    features = across.study.lake.read(FEATURES, file)
    alive, passed, score, rate = (
        features[name].to_numpy(zero_copy_only=False) for name in ("alive", "pass", "score", "firing_rate")
    )
    mapped = ranked(score, passed.astype(bool)).tolist()
    others = np.setdiff1d(np.flatnonzero(alive), mapped)
    return mapped + others[np.argsort(-rate[others], kind="stable")].tolist()
