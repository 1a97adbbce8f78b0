"""Commands that ask a study: in SQL, in pictures, its model. Each imports what it needs when it runs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from persona_assets.base.queries import orders
from persona_assets.cli.commands.edited import (
    AxisFileOption,
    AxisOption,
    FeatureOption,
    FromFileOption,
    OperationOption,
    RoleFileOption,
    RoleOption,
    SaidArgument,
    SeedOption,
    StrengthOption,
    SystemOption,
)
from persona_assets.cli.commands.options import (
    Format,
    FormatOption,
    SaeOption,
    StudyArgument,
    Subject,
    TextCommand,
    WideOption,
)
from persona_assets.study.study import load_study

commands = typer.Typer()

FEATURE_ORDERS = orders("top_features")


@commands.command(cls=TextCommand)
def sql(
    study: StudyArgument,
    query: Annotated[
        str | None,
        typer.Argument(
            help="The query in DuckDB's SQL. Without it, a terminal shows a prompt, and a pipe is read."
        ),
    ] = None,
    snapshot: Annotated[
        str | None,
        typer.Option(
            "--snapshot", metavar="NAME", help="Ask a snapshot that `persona keep` kept. Default: the newest."
        ),
    ] = None,
    output: FormatOption = Format.table,
    wide: WideOption = False,
) -> None:
    """Ask the study's warehouse. Example: persona sql smollm2 "from which_roles(7) limit 5"."""
    from persona_assets.cli.answers import ask, read_given

    opened = load_study(study)
    if query is None and sys.stdin.isatty() and sys.stdout.isatty():
        from persona_assets.cli.prompt import ask_by_hand

        ask_by_hand(opened, output, wide=wide, snapshot=snapshot)
    else:
        ask(opened, read_given(query, "a query", "persona sql STUDY"), output, wide=wide, snapshot=snapshot)


@commands.command()
def feature(
    study: StudyArgument,
    feature_id: Annotated[
        str, typer.Argument(metavar="FEATURE", help="The feature's id.", show_default=False)
    ],
    role: Annotated[
        str | None, typer.Option("--role", help="Show this role. Default: those that fire it most often.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="How many sentences of each role.")] = 2,
    sae: SaeOption = None,
    output: FormatOption = Format.table,
    wide: WideOption = False,
) -> None:
    """Show what a feature is: its label, the roles that fire it, and the sentences in which it fires most.

    A terminal colours the peak's token; elsewhere it is in [[brackets]]. CSV and JSON: one row per sentence.
    """
    from persona_assets.cli.feature import print_feature
    from persona_assets.labels.table import feature_number

    number = feature_number(feature_id, "feature")
    print_feature(load_study(study), number, sae, role, limit, output, wide)


@commands.command()
def which_roles(
    study: StudyArgument,
    feature: Annotated[str, typer.Argument(help="The feature's id.", show_default=False)],
    sae: SaeOption = None,
    output: FormatOption = Format.table,
    wide: WideOption = False,
) -> None:
    """Show which roles fire a feature, and in how many of their answers. The others are left out."""
    from persona_assets.cli.answers import ask
    from persona_assets.cli.arguments import check_feature
    from persona_assets.labels.table import feature_number

    number, opened = feature_number(feature, "which-roles"), load_study(study)
    check_feature(opened, number, sae)
    ask(opened, "from which_roles($feature, sae := $sae)", output, wide=wide, feature=number, sae=sae)


@commands.command()
def top_features(
    study: StudyArgument,
    role: Annotated[str, typer.Argument(help="The role's name.", show_default=False)],
    limit: Annotated[int, typer.Option("--limit", min=1, help="How many features.")] = 20,
    by: Annotated[
        str, typer.Option("--by", metavar="|".join(FEATURE_ORDERS), help="What orders them.")
    ] = FEATURE_ORDERS[0],
    sae: SaeOption = None,
    output: FormatOption = Format.table,
    wide: WideOption = False,
) -> None:
    """Show the features that characterize a role."""
    from persona_assets.cli.answers import ask, say_uncompared, say_unshown
    from persona_assets.cli.arguments import check_role, check_sae

    opened = load_study(study)
    check_role(opened, role)
    check_sae(opened, sae)
    query = "from top_features($role, sae := $sae, by := $by) limit $limit"
    ask(opened, query, output, wide=wide, role=role, sae=sae, limit=limit, by=by)
    if output is Format.table:
        say_uncompared(opened, role=role, sae=sae)
        if by != "q":
            say_unshown(opened, role=role, sae=sae, limit=limit, by=by)


@commands.command("try", cls=TextCommand)
def try_text(
    study: StudyArgument,
    text: Annotated[
        str | None,
        typer.Argument(help="What a user says. Without it, it is read from standard input."),
    ] = None,
    file: Annotated[
        str | None,
        typer.Option(
            "--file",
            help="Read the answers of a conversation instead: JSON, a list of {role, content}. `-` "
            "is standard input.",
        ),
    ] = None,
    pooled: Annotated[
        bool, typer.Option("--pooled", help="Show the features of each text in all, not of each token.")
    ] = False,
    top: Annotated[
        int | None,
        typer.Option(
            "--top", min=1, help="How many features. Default: 3 of a token, 20 of a text.", show_default=False
        ),
    ] = None,
    sae: SaeOption = None,
    output: FormatOption = Format.table,
    wide: WideOption = False,
) -> None:
    """Show which features fire in a text of yours, and how often they do in the study. It takes the model."""
    from persona_assets.cli.tried import try_text

    try_text(load_study(study), text, file, sae, pooled, top or (20 if pooled else 3), output, wide)


@commands.command(cls=TextCommand)
def steer(
    study: StudyArgument,
    text: SaidArgument = None,
    feature: FeatureOption = None,
    role: RoleOption = None,
    axis: AxisOption = False,
    axis_file: AxisFileOption = None,
    role_file: RoleFileOption = None,
    from_file: FromFileOption = None,
    operation: OperationOption = "add",
    strength: StrengthOption = None,
    system: SystemOption = None,
    seed: SeedOption = 0,
    sae: SaeOption = None,
    output: FormatOption = Format.table,
) -> None:
    """Show the model's answer with a feature, a role's vector or the axis edited, below its plain one."""
    from persona_assets.cli.steered import Said, print_steered, target_of

    opened, said = load_study(study), Said(text, system, seed)
    target = target_of(feature, role, axis, axis_file, role_file, from_file)
    print_steered(opened, target, operation, strength or [], said, sae, output)


@commands.command()
def judges(study: StudyArgument, output: FormatOption = Format.table) -> None:
    """Show how far the study's judges agree: Cohen's kappa, Krippendorff's alpha, and 95% intervals."""
    from persona_assets.cli.judges import print_agreement

    print_agreement(load_study(study), output)


@commands.command()
def plot(
    study: StudyArgument,
    subject: Annotated[
        Subject,
        typer.Argument(
            help="What to draw: line, similarity, axes or atlas; or feature or role, with its NAME.",
            show_default=False,
        ),
    ],
    name: Annotated[
        str | None,
        typer.Argument(help="The feature's id, or the role's or intervention's name.", show_default=False),
    ] = None,
    sae: SaeOption = None,
    to: Annotated[
        Path | None,
        typer.Option("--to", help="The .png or .svg file to write. Default: STUDY-SUBJECT.png."),
    ] = None,
) -> None:
    """Draw the assistant axis, roles, the atlas, a feature, a role, or an intervention's doses.

    Example: persona plot smollm2 line.
    """
    from persona_assets.cli.plot import plot

    typer.echo(plot(load_study(study), subject.value, name, sae, to))
