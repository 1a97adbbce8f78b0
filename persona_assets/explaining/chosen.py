"""The features that are worth a model's time: the first of some role by `top_features`."""

from __future__ import annotations

from collections.abc import Sequence

from persona_assets.base.queries import query
from persona_assets.lake.schema import ROLE_CONTRASTS
from persona_assets.stages.across_roles import AcrossRoles


def chosen_features(across: AcrossRoles, sae: str, listed: Sequence[int], top: int) -> list[int]:
    """Return the features that a study lists, by id, each once; without a list the `top` of each role."""
    return sorted(set(listed)) if listed else top_features(across, sae, top)


def top_features(across: AcrossRoles, sae: str, top: int) -> list[int]:
    """Return the first `top` features of each compared role in the order of top_features, by id, each once.

    No features where the roles are not compared yet. Raises StudyError where the file of that is damaged.
    """
    file = across.file(ROLE_CONTRASTS, sae)
    if file is None:
        return []
    lake = across.study.lake
    with lake.readable([file]) as [path], lake.connection() as connection:
        found = connection.execute(query("explaining/chosen"), {"file": path, "top": top}).fetchall()
    return [feature for (feature,) in found]
