"""`persona import` and `persona export`."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from persona_assets.cli.bar import bar
from persona_assets.interchange.export import export_study
from persona_assets.interchange.importing import import_study
from persona_assets.study.study import Study


def import_outputs(study: Study, outputs: Path, overwrite: bool) -> None:
    """Import what `outputs` holds, and say what landed and what stayed."""
    with bar("importing roles") as progress:
        report = import_study(study, outputs, overwrite, progress)
    for table, n_roles in Counter(_table(landed.sae) for landed in report.landed).items():
        print(f"{table}: {n_roles} roles landed")
    for table, n_roles in Counter(_table(one.sae) for one in report.landed if one.by_position).items():
        print(
            f"{table}: for {n_roles} roles no JSONL beside the NPZ says what the rows are; they were matched "
            "with the responses' lines by their order, since there are as many"
        )
    for table, n_roles in Counter(_table(kept.sae) for kept in report.skipped).items():
        print(f"{table}: {n_roles} roles are fresh and stay (--overwrite replaces them)")
    for landed in report.landed:
        if landed.n_missing:
            print(f"{landed.role}: {landed.n_missing} responses are not in the {_table(landed.sae)} files")
    for file in report.ignored:
        print(f"{file}: ignored, its role is not in the study")
    print(f"next: persona run {study.name}")


def export_outputs(study: Study, directory: Path) -> None:
    """Write everything that is fresh, and say what was written."""
    with bar("exporting roles") as progress:
        written = export_study(study, directory, progress)
    print(f"responses: {len(written.responses)} roles in {directory}")
    for sae, roles in written.features.items():
        print(f"features and aggregates under {sae}: {len(roles)} roles")
    for judge, roles in written.scores.items():
        print(f"scores of judge {judge}: {len(roles)} roles")
    for sae in written.atlases:
        print(f"viz_bundle under {sae}")
    for sae, roles in written.vectors.items():
        print(f"role vectors of what {sae} reads: {len(roles)} roles")
    for sae, contrasts in written.contrasts.items():
        print(f"contrasts under {sae}: {', '.join(contrasts)}")


def _table(sae: str | None) -> str:
    return "responses" if sae is None else f"features under {sae}"
