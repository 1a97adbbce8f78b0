"""Commands that make studies and what they hold. Each imports what it needs when it runs."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from persona_assets.cli.commands.edited import (
    AnswerOption,
    CappedArgument,
    CapToOption,
    ControlsOption,
    HeldAxisOption,
    HeldSaesOption,
    QuantileOption,
)
from persona_assets.cli.commands.options import (
    Format,
    FormatOption,
    RolesOption,
    StudyArgument,
    WideOption,
)
from persona_assets.stages.table import RUNNABLE
from persona_assets.study.new_study import FIRST, TEMPLATES
from persona_assets.study.study import load_own

commands = typer.Typer()


@commands.command()
def init(
    directory: Annotated[
        Path, typer.Argument(metavar="DIR", help="The new project's folder.", show_default=False)
    ],
    demo: Annotated[
        bool, typer.Option("--demo", help="Add the study smollm2 with its answers, SAE and conversations.")
    ] = False,
) -> None:
    """Lay out a project, the folder that holds studies, their data and results. Nothing is overwritten."""
    from persona_assets.study.new_project import lay_out

    written = lay_out(directory, demo)
    told = f"a project ({len(written)} files written)" if written else "is a project already"
    typer.echo(f"{directory}: {told}; go on there:")
    typer.echo(f"  cd {shlex.quote(str(directory))}")
    typer.echo("  persona demo" if demo else "  persona new STUDY")
    typer.echo("  DAGSTER_HOME=$PWD/.dagster dg dev")


@commands.command()
def new(
    study: Annotated[str, typer.Argument(metavar="STUDY", help="The new study's name.", show_default=False)],
    source: Annotated[
        str,
        typer.Option(
            "--from",
            metavar="SOURCE",
            help=f"A study of the project, or a template: {', '.join(TEMPLATES)}.",
        ),
    ] = FIRST,
) -> None:
    """Write the file of a new study, with comments, begun from another. Nothing is overwritten."""
    from persona_assets.study.new_study import new_study

    file = new_study(study, source)
    typer.echo(f"{file}: written; change it, then see what it asks and costs, and run it:")
    typer.echo(f"  persona estimate {study}")
    typer.echo(f"  persona run {study}")


@commands.command()
def estimate(
    study: StudyArgument,
    roles: Annotated[
        int,
        typer.Option("--pilot", min=0, help="How many roles the pilot asks; with 0 no model is loaded."),
    ] = 2,
    answers: Annotated[
        int, typer.Option(min=2, help="How many prompts of each role it asks, and about features.")
    ] = 64,
) -> None:
    """Say what a study asks and costs before it is run: prompts, three in full, GPU memory, and a pilot."""
    from persona_assets.cli.estimate import print_estimate

    print_estimate(load_own(study), roles, answers)


@commands.command()
def run(
    study: StudyArgument,
    roles: RolesOption = None,
    select: Annotated[
        str | None,
        typer.Option(
            "--select",
            metavar="ASSETS",
            help=f"Make only these assets, of {', '.join(RUNNABLE)}.",
        ),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Make roles again even where their files are fresh.")
    ] = False,
    shard: Annotated[
        str | None,
        typer.Option("--shard", metavar="I/N", help="Run only shard I of N of the roles; I counts from 0."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be made, and how much of it; make nothing.")
    ] = False,
) -> None:
    """Run a study from prompts to the warehouse. It skips what is fresh; you can interrupt and resume it."""
    from persona_assets.cli.arguments import named, part_of

    opened, chosen = load_own(study), named(roles, "role")
    if shard is not None:
        chosen = part_of(chosen or opened.role_names, shard)
    if dry_run:
        from persona_assets.cli.planned import print_plan

        print_plan(opened, chosen, named(select, "asset"), overwrite)
    else:
        from persona_assets.cli.run import run_study

        run_study(opened, chosen, named(select, "asset"), overwrite)


@commands.command()
def demo() -> None:
    """Run a slice of the study `smollm2`: a real model in ten roles, its answers read, compared and asked."""
    from persona_assets.cli.demo import run_demo

    run_demo()


@commands.command()
def drift(
    study: StudyArgument,
    files: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[FILE]...",
            help="Conversations, scripts of what the user says, or folders of them. Default: the study's "
            "drift.directory.",
            show_default=False,
        ),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Score conversations again even where their files are fresh.")
    ] = False,
    export: Annotated[
        Path | None, typer.Option("--export", metavar="DIR", help="Write the runs for other viewers, too.")
    ] = None,
    output: FormatOption = Format.table,
    wide: WideOption = False,
) -> None:
    """Measure turn by turn how far conversations move from the assistant; docs/drift.md explains it."""
    from persona_assets.cli.drift import follow

    follow(load_own(study), files or [], overwrite, export, output, wide)


@commands.command()
def cap(
    study: StudyArgument,
    files: CappedArgument = None,
    axis: HeldAxisOption = None,
    quantile: QuantileOption = 0.25,  # Lu et al. 2026, §5.1.1, there of all roles' answers
    to: CapToOption = None,
    sae: HeldSaesOption = None,
    answer: AnswerOption = False,
    controls: ControlsOption = 19,
    output: FormatOption = Format.table,
) -> None:
    """Write floors under the assistant axis, for models to run with; docs/interventions.md explains it.

    The study keeps role vectors for it: `extraction.vectors: response`, which the shipped smollm2 leaves out.
    """
    from persona_assets.cli.capping import write_caps

    write_caps(load_own(study), files or [], axis, quantile, to, sae or [], answer, controls, output)
