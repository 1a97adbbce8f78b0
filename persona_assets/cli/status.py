"""What `persona status` shows."""

from __future__ import annotations

from persona_assets.freshness import RoleFiles
from persona_assets.schema import ACTIVATIONS, RESPONSES, ROLE_FEATURES
from persona_assets.study import Study


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
