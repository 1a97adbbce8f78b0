"""Commands that bring files in and take them out. Each imports what it needs when it runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from persona_assets.cli.commands.options import StudyArgument
from persona_assets.study.study import load_study

commands = typer.Typer()


@commands.command("import")
def import_files(
    study: StudyArgument,
    outputs: Annotated[
        Path, typer.Argument(metavar="OUTPUTS_DIR", help="It holds responses/ and features/.")
    ],
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace roles that are fresh, too.")
    ] = False,
) -> None:
    """Import responses (JSONL) and features (NPZ) of earlier scripts."""
    from persona_assets.cli.exchange import import_outputs

    import_outputs(load_study(study), outputs, overwrite)


@commands.command("export")
def export_files(
    study: StudyArgument,
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="The folder to write to.")],
) -> None:
    """Write responses (JSONL), features (NPZ), vectors (PT), atlas (JSON), contrasts (CSV) in a folder."""
    from persona_assets.cli.exchange import export_outputs

    export_outputs(load_study(study), directory)
