"""The features that are worth a model's time: those that most surely set some role apart."""

from __future__ import annotations

from collections.abc import Sequence

from persona_assets.base.queries import query
from persona_assets.lake.schema import ROLE_CONTRASTS
from persona_assets.stages.across_roles import AcrossRoles


def chosen_features(across: AcrossRoles, sae: str, listed: Sequence[int], top: int) -> list[int]:
    """Return the features that a study lists, by id, each once; without a list the `top` of each role."""
    return sorted(set(listed)) if listed else top_features(across, sae, top)


def top_features(across: AcrossRoles, sae: str, top: int) -> list[int]:
    """Return the `top` features of each compared role that most surely set it apart, by id, each once.

    No features where the roles are not compared yet. Raises StudyError where the file of that is damaged.
    """
    file = across.file(ROLE_CONTRASTS, sae)
    if file is None:
        return []
    lake = across.study.lake
    with lake.readable([file]) as [path], lake.connection() as connection:
        found = connection.execute(query("explaining/chosen"), {"file": path, "top": top}).fetchall()
    return [feature for (feature,) in found]
