"""Commands about findings that are saved and cited. Each imports what it needs when it runs."""

from __future__ import annotations

from typing import Annotated

import typer

from persona_assets.cli.commands.options import Format, FormatOption, StudyArgument
from persona_assets.study.study import load_study

finding_app = typer.Typer(no_args_is_help=True, help="Save answers as findings, cite them, check them again.")

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="The finding's name.", show_default=False)]


@finding_app.command("save")
def finding_save(
    study: StudyArgument,
    name: NameArgument,
    question: Annotated[str, typer.Option("--question", help="What it answers.", show_default=False)],
    sql: Annotated[
        str | None,
        typer.Option("--sql", help="The query. Without it, the query is read from standard input."),
    ] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Replace a finding of this name.")] = False,
) -> None:
    """Ask the published snapshot and save the answer, in `findings/NAME.yaml` beside the study's file."""
    from persona_assets.cli.answers import read_given
    from persona_assets.cli.findings import save

    query = read_given(sql, "a query", f"persona finding save STUDY {name} --question …")
    save(load_study(study), name, question, query, replace=replace)


@finding_app.command("list")
def finding_list(study: StudyArgument, output: FormatOption = Format.table) -> None:
    """List the study's findings."""
    from persona_assets.cli.findings import print_list

    print_list(load_study(study), output)


@finding_app.command("show")
def finding_show(study: StudyArgument, name: NameArgument, output: FormatOption = Format.table) -> None:
    """Show a finding: its question, SQL and rows, where its features are strongest, and how to cite it."""
    from persona_assets.cli.findings import print_finding

    print_finding(load_study(study), name, output)


@finding_app.command("cite")
def finding_cite(study: StudyArgument, name: NameArgument) -> None:
    """Print the line by which a finding is cited."""
    from persona_assets.cli.findings import cite

    cite(load_study(study), name)


@finding_app.command("check")
def finding_check(
    study: StudyArgument,
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME]…", help="Which findings. Default: all.")
    ] = None,
) -> None:
    """Ask findings again of the newest snapshot, and say what moved; then the status is 1."""
    from persona_assets.cli.findings import check

    if check(load_study(study), names or []):
        raise typer.Exit(1)
