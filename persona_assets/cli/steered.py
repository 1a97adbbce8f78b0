"""`persona steer`: what the model answers with a stream edited, below what it answers as it is."""

from __future__ import annotations

import math

from persona_assets.base.errors import StudyError
from persona_assets.base.given import printable
from persona_assets.cli.answers import print_rows, read_given
from persona_assets.cli.arguments import check_in_sae, check_role, check_sae
from persona_assets.drift.transcript import spoken_text
from persona_assets.study.settings import InterventionSettings
from persona_assets.study.settings.steering import Operation
from persona_assets.study.study import Study


def print_steered(
    study: Study, text: str | None, feature: int | None, role: str | None, operation: Operation,
    strengths: list[float] | None, system: str | None, seed: int, sae: str | None, output: str,
) -> None:  # fmt: skip
    """Print the plain answer to a text, and one under each strength of an edit of a feature or role's vector.

    Without strengths it is 1. Raises StudyError where not exactly one of them is named, or nothing is said.
    """
    from persona_assets.steering.live import steer

    check_sae(study, sae)
    chosen = sae or study.default_sae
    settings = _edited(study, chosen, feature, role, operation, strengths)
    said = spoken_text(read_given(text, "a text", "persona steer STUDY"), "the text")
    before = None if system is None else spoken_text(system, "--system")
    found = steer(study, chosen, settings, before, said, seed)
    if output != "table":
        rows = [(one.target, one.strength, one.level, one.text) for one in found]
        print_rows(("target", "strength", "level", "response"), rows, output, wide=True)
        return
    for one in found:
        if one.target is None:
            print("== as it is")
        elif one.level is None:
            print(f"\n== {one.target}, {operation}")
        else:
            print(f"\n== {one.target}, {operation}, strength {one.strength:g}: {one.level:.4g} a token")
        print("\n".join(printable(line) for line in one.text.splitlines()))


def _edited(
    study: Study, sae: str, feature: int | None, role: str | None, operation: Operation,
    strengths: list[float] | None,
) -> InterventionSettings:  # fmt: skip
    if (feature is None) == (role is None):
        raise StudyError("say what is edited: --feature ID, or --role ROLE for the vector to a role")
    if role is not None:
        check_role(study, role)
    if feature is not None:
        check_in_sae(study, feature, sae)
    anchor = study.settings.analysis.anchor
    check_role(study, anchor)
    for one in (role, anchor):
        if one in study.settings.analysis.exclude:
            raise StudyError(
                f"{study.file}: role {one!r} is left out of comparisons by analysis.exclude, and a strength "
                f"is told by comparing roles with {anchor!r}"
            )
    of_role = {"target": "role_vector", "role": role}
    of_feature = {"target": "features", "features": [feature], "controls": 0}
    how = {} if (levels := _levels(operation, strengths)) is None else {"strengths": levels}
    shared = {"operation": operation, "roles": [anchor], "questions": 1, "directions": 1}
    return InterventionSettings.model_validate((of_feature if role is None else of_role) | how | shared)


def _levels(operation: Operation, strengths: list[float] | None) -> list[float] | None:
    """Return the strengths as they are given. Raises StudyError where these cannot be."""
    if not strengths:
        return None
    if operation == "ablate":
        raise StudyError("--operation ablate takes away what there is; leave --strength out")
    for place, one in enumerate(strengths):
        if not math.isfinite(one):
            raise StudyError(f"--strength {one}: must be a finite number")
        if one in strengths[:place]:
            raise StudyError(f"--strength {one:g} is given twice; leave one out")
    return strengths
