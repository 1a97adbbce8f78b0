"""The command `persona`: its groups of commands, in the order in which help lists them."""

from __future__ import annotations

from importlib.metadata import version
from typing import Annotated

import typer

from persona_assets.cli.commands import asking, bringing, keeping, making, serving
from persona_assets.cli.commands.finding import finding_app
from persona_assets.cli.commands.labels import labels_app
from persona_assets.cli.commands.models import models_app
from persona_assets.cli.commands.roles import roles_app

app = typer.Typer(
    name="persona",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
for group in (making, keeping, asking, serving, bringing):
    app.add_typer(group.commands)
app.add_typer(roles_app, name="roles")
app.add_typer(labels_app, name="labels")
app.add_typer(finding_app, name="finding")
app.add_typer(models_app, name="models")


def _tell_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"persona-assets {version('persona-assets')}")
        raise typer.Exit


@app.callback()
def persona(
    tell_version: Annotated[
        bool,
        typer.Option("--version", help="Say which version this is.", is_eager=True, callback=_tell_version),
    ] = False,
) -> None:
    """Which SAE features does a language model use when it plays a persona? Ask in SQL."""
