"""`persona steer`: what the model answers with a stream edited, below what it answers as it is."""

from __future__ import annotations

import math
from contextlib import closing
from pathlib import Path

from persona_assets.base.errors import StudyError
from persona_assets.base.given import printable
from persona_assets.cli.answers import print_rows, read_given
from persona_assets.cli.arguments import check_in_sae, check_role, check_sae
from persona_assets.drift.transcript import spoken_text
from persona_assets.study.settings.steering import Operation
from persona_assets.study.study import Study


def print_steered(
    study: Study, text: str | None, feature: int | None, role: str | None, axis: bool,
    axis_file: Path | None, role_file: Path | None, from_file: Path | None, operation: Operation,
    strengths: list[float] | None, system: str | None, seed: int, sae: str | None, output: str,
) -> None:  # fmt: skip
    """Print the plain answer to a text, and one under each strength of an edit.

    What is edited is a feature, a role's vector, the assistant axis, the axis in a file, or the vector from
    one file to the role of another. Without strengths it is 1. Raises StudyError where not exactly one of
    them is named, or nothing is said.
    """
    _check_one(feature, role, axis, axis_file, role_file, from_file)
    check_sae(study, sae)
    chosen, levels = sae or study.default_sae, _levels(operation, strengths)
    for one in (role, study.settings.analysis.anchor):
        if one is not None:
            check_role(study, one)
    if feature is not None:
        check_in_sae(study, feature, chosen)
    from persona_assets.steering.live import Steering, Target, live_settings  # seconds, with torch

    files = (None if one is None else str(one.absolute()) for one in (axis_file or role_file, from_file))
    settings = live_settings(study, Target(feature, role, axis, *files), operation, levels)
    said = spoken_text(read_given(text, "a text", "persona steer STUDY"), "the text")
    before = None if system is None else spoken_text(system, "--system")
    with closing(Steering(study)) as steering:
        prompt = steering.prompt(chosen, before, said, seed)
        planned = steering.planned(chosen, settings)
        answers = steering.answers(chosen, [one.edit for one in planned], prompt, whole=False)
    found = [
        (None if one.control else one.target, one.strength, one.level, answer.text)
        for one, answer in zip(planned, answers, strict=True)
    ]
    if output != "table":
        print_rows(("target", "strength", "level", "response"), found, output, wide=True)
        return
    for named, strength, level, response in found:
        if named is None:
            print("== as it is")
        elif level is None:
            print(f"\n== {named}, {operation}")
        else:
            print(f"\n== {named}, {operation}, strength {strength:g}: {level:.4g} a token")
        print("\n".join(printable(line) for line in response.splitlines()))


def _check_one(
    feature: int | None, role: str | None, axis: bool, axis_file: Path | None, role_file: Path | None,
    from_file: Path | None,
) -> None:  # fmt: skip
    """Raise StudyError unless exactly one thing is named that is edited."""
    named = {
        "--feature": feature is not None, "--role": role is not None, "--axis": axis,
        "--axis-file": axis_file is not None, "--role-file": role_file is not None,
    }  # fmt: skip
    given = [option for option, is_given in named.items() if is_given]
    if len(given) > 1:
        raise StudyError(f"give only one of {' and '.join(given)}: an edit is of one thing")
    if not given:
        raise StudyError(
            "say what is edited: --feature ID, --role ROLE for the vector to a role, --axis for the "
            "assistant axis, --axis-file FILE, or --role-file FILE"
        )
    if (role_file is None) != (from_file is None):
        raise StudyError(
            "--role-file and --from-file go together: the vector leads from the one in --from-file, such as "
            "the default's, to the role's"
        )


def _levels(operation: Operation, strengths: list[float] | None) -> list[float]:
    """Return the strengths as they are given. Raises StudyError where these cannot be."""
    if not strengths:
        return []
    if operation == "ablate":
        raise StudyError("--operation ablate takes away what there is; leave --strength out")
    for place, one in enumerate(strengths):
        if not math.isfinite(one):
            raise StudyError(f"--strength {one}: must be a finite number")
        if one in strengths[:place]:
            raise StudyError(f"--strength {one:g} is given twice; leave one out")
    return strengths
