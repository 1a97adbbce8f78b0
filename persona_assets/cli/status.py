"""What `persona status` shows."""

from __future__ import annotations

from persona_assets.cli.answers import print_rows
from persona_assets.freshness import RoleFiles
from persona_assets.schema import ACTIVATIONS, RESPONSES, ROLE_FEATURES
from persona_assets.study import Study


def print_status(study: Study, output: str) -> None:
    """Print a row for every role; for people a summary too, which is enough where all roles are alike."""
    header, rows = status_rows(study)
    if output == "table" and len({tuple(states) for _, *states in rows}) == 1:
        print(_summary(rows), *map(" ".join, zip(header[1:], rows[0][1:], strict=True)), sep="; ")
    else:
        print_rows(header, rows, output, footer=_summary(rows))


def _summary(rows: list[list[str]]) -> str:
    n_fresh = sum(set(states) == {"fresh"} for _, *states in rows)
    return f"{n_fresh} of {len(rows)} roles fresh"


def status_rows(study: Study) -> tuple[list[str], list[list[str]]]:
    """Header and a row for every role: the state of its responses, and of each SAE's tables."""
    saes = list(study.settings.extraction.saes)
    stages = [(table, sae) for sae in saes for table in (ACTIVATIONS, ROLE_FEATURES)]
    suffix = {sae: f" ({sae})" if len(saes) > 1 else "" for sae in saes}
    header = ["role", "responses", *(f"{table.name}{suffix[sae]}" for table, sae in stages)]
    rows = []
    for role in study.role_names:
        files = RoleFiles(study, role)
        states = [files.state(table, sae) for table, sae in stages]
        rows.append([role, files.state(RESPONSES), *states])
    return header, rows
