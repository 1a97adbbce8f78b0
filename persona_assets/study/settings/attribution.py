"""Whose answers are attributed to features, how many of them, and on how many it is tried by ablation."""

from __future__ import annotations

from persona_assets.study.settings.block import Block, Name, PositiveInt


class AttributionSettings(Block):
    """The roles whose answers are attributed to features; it takes the whole model, and its gradients."""

    FIRST = frozenset({"questions", "sample"})
    ELSEWHERE = {"roles": "says whose answers are attributed; another role's file is empty"}

    roles: list[Name] = []
    """Roles whose answers are attributed; by default all."""
    questions: PositiveInt = 6
    """Of so many questions, drawn by lot, the answers under every wording are attributed."""
    sample: PositiveInt = 64
    """On so many pairs of a feature and an answer, drawn by lot in each role, the estimate is compared with
    the answer's log-probability once the feature is taken out."""
