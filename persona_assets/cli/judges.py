"""What `persona judges` shows."""

from __future__ import annotations

import math

from persona_assets.base.errors import StudyError
from persona_assets.cli.answers import print_rows
from persona_assets.judging.agreement import read_agreements
from persona_assets.study.study import Study
from persona_assets.warehouse import connect


def print_agreement(study: Study, output: str) -> None:
    """Print how far the judges of the published snapshot agree. Raises StudyError where there is only one."""
    with connect(study) as connection:
        found = read_agreements(connection)
    if not found:
        raise StudyError(
            f"{study.name}: fewer than two judges of one scale have scores in the snapshot; name them in "
            f"`judge` and run `persona run {study.name} --select judgements,warehouse`"
        )
    header = ["judges", "measure", "n_responses", "value", "low", "high"]
    rows = [[_plain(value) for value in vars(one).values()] for one in found]
    print_rows(header, rows, output)


def _plain(value: object) -> object:
    return None if isinstance(value, float) and math.isnan(value) else value
