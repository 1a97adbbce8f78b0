"""`persona steer`: what the model answers with a stream edited, below what it answers as it is."""

from __future__ import annotations

from pydantic import ValidationError

from persona_assets.base.errors import StudyError
from persona_assets.base.given import printable
from persona_assets.cli.answers import print_rows, read_query
from persona_assets.cli.arguments import check_role, check_sae
from persona_assets.study.settings import InterventionSettings
from persona_assets.study.settings.steering import Operation
from persona_assets.study.study import Study


def print_steered(
    study: Study, text: str | None, feature: int | None, role: str | None, operation: Operation,
    strengths: list[float], system: str | None, seed: int, sae: str | None, output: str,
) -> None:  # fmt: skip
    """Print the plain answer to a text, and one under each strength of an edit of a feature or role's vector.

    Raises StudyError where neither is named, or both are.
    """
    from persona_assets.steering.live import steer

    check_sae(study, sae)
    settings = _edited(study, feature, role, operation, strengths)
    found = steer(study, sae or study.default_sae, settings, system, read_query(text), seed)
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
    study: Study, feature: int | None, role: str | None, operation: Operation, strengths: list[float]
) -> InterventionSettings:
    if (feature is None) == (role is None):
        raise StudyError("say what is edited: --feature ID, or --role ROLE for the vector to a role")
    if role is not None:
        check_role(study, role)
    of_role = {"target": "role_vector", "role": role}
    of_feature = {"target": "features", "features": [feature], "controls": 0}
    what = of_feature if role is None else of_role
    how = {} if operation == "ablate" else {"strengths": strengths}
    anchor = study.settings.analysis.anchor
    try:
        return InterventionSettings.model_validate(
            {**what, **how, "operation": operation, "roles": [anchor], "questions": 1, "directions": 1}
        )
    except ValidationError as error:
        raise StudyError(f"--strength, --feature: {error.errors()[0]['msg']}") from error
