"""`persona steer`: what the model answers with a stream edited, below what it answers as it is."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from persona_assets.base.errors import StudyError
from persona_assets.base.given import printable
from persona_assets.cli.answers import print_rows, read_given
from persona_assets.cli.arguments import check_in_sae, check_role, check_sae
from persona_assets.drift.transcript import spoken_text
from persona_assets.steering.target import Target
from persona_assets.study.settings.steering import Operation
from persona_assets.study.study import Study


@dataclass(frozen=True)
class Said:
    """What a user says (None: it is read from standard input), below a system prompt; the seed of answers."""

    text: str | None
    system: str | None
    seed: int


def print_steered(
    study: Study,
    target: Target,
    operation: Operation,
    strengths: Sequence[float],
    said: Said,
    sae: str | None,
    output: str,
) -> None:
    """Print the plain answer to a text, and one under each strength of an edit; without strengths it is 1.

    Raises StudyError where nothing is said, or what is named cannot be edited.
    """
    check_sae(study, sae)
    chosen, levels = sae or study.default_sae, _levels(operation, strengths)
    _check_named(study, target, chosen)
    from persona_assets.steering.live import Steering, live_settings  # seconds, with torch

    settings = live_settings(study, target, operation, levels)
    text = spoken_text(read_given(said.text, "a text", "persona steer STUDY"), "the text")
    before = None if said.system is None else spoken_text(said.system, "--system")
    if sys.stderr.isatty():
        print(f"loading the model of {study.name} …", file=sys.stderr)
    with closing(Steering(study)) as steering:
        prompt = steering.prompt(chosen, before, text, said.seed)
        planned = steering.planned(chosen, settings)
        answers = steering.answers(chosen, [one.edit for one in planned], prompt, whole=False)
    found = [
        (None if one.control else one.target, one.strength, one.level, answer.text)
        for one, answer in zip(planned, answers, strict=True)
    ]
    if output == "table":
        _print_blocks(operation, found)
    else:
        print_rows(("target", "strength", "level", "response"), found, output, wide=True)


def _print_blocks(operation: Operation, found: Sequence[tuple[str | None, float, float | None, str]]) -> None:
    """Print answers one below the other, each with the edit that it is given under."""
    for named, strength, level, response in found:
        if named is None:
            print("== as it is")
        elif level is None:
            print(f"\n== {named}, {operation}")
        else:
            print(f"\n== {named}, {operation}, strength {strength:g}: {level:.4g} a token")
        print("\n".join(printable(line) for line in response.splitlines()))


def _check_named(study: Study, target: Target, sae: str) -> None:
    """Raise StudyError where the study has no such role, or the SAE no such feature."""
    for role in (target.role, study.settings.analysis.anchor):
        if role is not None:
            check_role(study, role)
    if target.feature is not None:
        check_in_sae(study, target.feature, sae)


def target_of(
    feature: int | None,
    role: str | None,
    axis: bool,
    axis_file: Path | None,
    role_file: Path | None,
    from_file: Path | None,
) -> Target:
    """Return what is edited: a feature, a role's vector, the assistant axis, or what files hold.

    That is an axis, or the vector to the role of one file from another. Raises StudyError unless it is
    exactly one of them.
    """
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
    files = (None if one is None else str(one.absolute()) for one in (axis_file or role_file, from_file))
    return Target(feature, role, axis, *files)


def _levels(operation: Operation, strengths: Sequence[float]) -> Sequence[float]:
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
