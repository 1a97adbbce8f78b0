"""The command about files of roles and questions. Each imports what it needs when it runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

roles_app = typer.Typer(no_args_is_help=True, help="Bring in role and question files.")


@roles_app.command("import")
def roles_import(
    source: Annotated[str, typer.Argument(help="A directory or git URL of the assistant-axis shape.")],
    to: Annotated[
        Path | None, typer.Option("--to", help="The folder to put it in. Default: data/assistant_axis.")
    ] = None,
) -> None:
    """Check a whole data set of roles and questions, then put it in place."""
    from persona_assets.base.counts import counted
    from persona_assets.study.importer import import_roles

    imported = import_roles(source, to)
    told = f"{counted(imported.n_roles, 'role')} and {counted(imported.n_questions, 'question')}"
    if imported.is_there:
        typer.echo(f"{imported.directory} holds the very same already: {told}")
        return
    replaced = f"replaced {imported.n_replaced} roles with " if imported.n_replaced else ""
    typer.echo(f"{imported.source} → {imported.directory}")
    typer.echo(f"{replaced}{told}")
