"""Commands that tell of what a study holds, and keep it in order. Each imports what it needs when it runs."""

from __future__ import annotations

import shlex
from typing import Annotated

import typer

from persona_assets.cli.commands.options import Format, FormatOption, StudyArgument
from persona_assets.study.study import load_own

commands = typer.Typer()


@commands.command("list")
def list_studies(output: FormatOption = Format.table) -> None:
    """List the project's studies: model, SAEs, how many roles are complete, how old the snapshot is."""
    from persona_assets.cli.studies import print_studies

    print_studies(output)


@commands.command()
def status(
    study: StudyArgument,
    why: Annotated[
        bool, typer.Option("--why", help="Say why something is not fresh, and how much there is to make.")
    ] = False,
    output: FormatOption = Format.table,
) -> None:
    """Say what is fresh, stale or missing, how large it is and how old."""
    from persona_assets.cli.status import print_reasons, print_status

    (print_reasons if why else print_status)(load_own(study), output)


@commands.command()
def adopt(study: StudyArgument) -> None:
    """Tell Dagster's history what the lake holds already, for example after a new DAGSTER_HOME."""
    from persona_assets.cli.adopt import adopt_study

    adopt_study(load_own(study))


@commands.command()
def gc(
    study: StudyArgument,
    delete: Annotated[
        bool, typer.Option("--delete", help="Delete these files; without this option they are only named.")
    ] = False,
    grace: Annotated[
        float,
        typer.Option(
            min=0, metavar="HOURS", help="Keep files younger than this: a run or a reader may still use them."
        ),
    ] = 24,
) -> None:
    """Find the study's files that neither its settings nor any published warehouse needs."""
    from persona_assets.cli.health import collect_garbage

    collect_garbage(load_own(study), delete, grace)


@commands.command()
def verify(
    study: StudyArgument,
    delete: Annotated[
        bool, typer.Option("--delete", help="Delete what is damaged, and all that was made from it.")
    ] = False,
) -> None:
    """Read every file of the study, and check that each is whole and that they agree with one another."""
    from persona_assets.cli.health import verify_study

    verify_study(load_own(study), delete)


@commands.command()
def keep(
    study: StudyArgument,
    name: Annotated[str, typer.Argument(help="The name to keep it under.", show_default=False)],
) -> None:
    """Keep the published snapshot under a name. As long as it is there, gc keeps its files."""
    from persona_assets.cli.made import questions
    from persona_assets.warehouse import keep as kept_as

    opened = load_own(study)
    typer.echo(f"{kept_as(opened, name)}: kept; delete the file to let it go")
    *_, question = questions(opened, opened.role_names, f"{shlex.quote(study)} --snapshot {name}")
    typer.echo(f"ask it: {question}")
