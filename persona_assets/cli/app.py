"""The commands and their options. Each imports what it needs when it runs, so that help is instant."""

from __future__ import annotations

import shlex
from enum import StrEnum
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer

from persona_assets.base.given import one_line
from persona_assets.cli.models import models_app
from persona_assets.stages.table import RUNNABLE
from persona_assets.study.study import load_study

app = typer.Typer(
    name="persona",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
roles_app = typer.Typer(no_args_is_help=True, help="Bring in role and question files.")
app.add_typer(roles_app, name="roles")
labels_app = typer.Typer(no_args_is_help=True, help="Fetch and search descriptions of features.")
app.add_typer(labels_app, name="labels")
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


StudyArgument = Annotated[
    str,
    typer.Argument(metavar="STUDY", help="A study's name, or the path of its folder.", show_default=False),
]
RolesOption = Annotated[
    str | None,
    typer.Option("--roles", metavar="A,B,C", help="Take only these roles. Default: all."),
]
SaeOption = Annotated[
    str | None, typer.Option("--sae", help="The SAE the question is about. Default: the study's first.")
]


class Format(StrEnum):
    """How answers are printed."""

    table = "table"
    csv = "csv"
    json = "json"


FormatOption = Annotated[Format, typer.Option("--format", help="How to print the answer.")]
WideOption = Annotated[
    bool,
    typer.Option("--wide", help="Show all columns of a table, even if lines exceed the terminal."),
]


class Subject(StrEnum):
    """What is drawn."""

    similarity = "similarity"
    axes = "axes"
    atlas = "atlas"
    feature = "feature"
    role = "role"


@app.command()
def init(
    directory: Annotated[
        Path, typer.Argument(metavar="DIR", help="The new project's folder.", show_default=False)
    ],
    demo: Annotated[
        bool, typer.Option("--demo", help="Add the demo study with its model, SAE, labels and conversations.")
    ] = False,
) -> None:
    """Lay out a project, the folder that holds studies, their data and results. Nothing is overwritten."""
    from persona_assets.study.new_project import lay_out

    written = lay_out(directory, demo)
    typer.echo(f"{directory}: a project ({len(written)} files written); go on there:")
    typer.echo(f"  cd {shlex.quote(str(directory))}")
    typer.echo("  persona run demo" if demo else "  persona roles import SOURCE")
    typer.echo("  DAGSTER_HOME=$PWD/.dagster dg dev")


@app.command()
def new(
    study: Annotated[str, typer.Argument(metavar="STUDY", help="The new study's name.", show_default=False)],
    source: Annotated[
        str,
        typer.Option(
            "--from",
            metavar="SOURCE",
            help="A study of the project, or a template: smollm2, gemma_3_270m, gemma_3_1b, gemma_3_27b, "
            "llama_3_1_8b, qwen_3_8b, toy.",
        ),
    ] = "smollm2",
) -> None:
    """Write the file of a new study, with comments, begun from another. Nothing is overwritten."""
    from persona_assets.study.new_study import new_study

    file = new_study(study, source)
    typer.echo(f"{file}: written; change it, then see what it asks and costs, and run it:")
    typer.echo(f"  persona estimate {study}")
    typer.echo(f"  persona run {study}")


@app.command()
def estimate(
    study: StudyArgument,
    roles: Annotated[
        int,
        typer.Option("--pilot", min=0, help="How many roles the pilot asks; with 0 no model is loaded."),
    ] = 2,
    answers: Annotated[int, typer.Option(min=2, help="How many prompts of each role it asks.")] = 64,
) -> None:
    """Say what a study asks and costs before it is run: its prompts, three of them in full, and a pilot."""
    from persona_assets.cli.estimate import print_estimate

    print_estimate(load_study(study), roles, answers)


@app.command()
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
) -> None:
    """Run a study from prompts to the warehouse. It skips what is fresh; you can interrupt and resume it."""
    from persona_assets.cli.arguments import named, part_of
    from persona_assets.cli.run import run_study

    opened, chosen = load_study(study), named(roles, "role")
    if shard is not None:
        chosen = part_of(chosen or opened.role_names, shard)
    run_study(opened, chosen, named(select, "asset"), overwrite)


@app.command()
def status(
    study: StudyArgument,
    why: Annotated[
        bool, typer.Option("--why", help="Say why something is not fresh, and how much there is to make.")
    ] = False,
    output: FormatOption = Format.table,
) -> None:
    """Say what is fresh, stale or missing, how large it is and how old."""
    from persona_assets.cli.status import print_reasons, print_status

    (print_reasons if why else print_status)(load_study(study), output)


@app.command()
def adopt(study: StudyArgument) -> None:
    """Tell Dagster's history what the lake holds already, for example after a new DAGSTER_HOME."""
    from persona_assets.cli.adopt import adopt_study

    adopt_study(load_study(study))


@app.command()
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

    collect_garbage(load_study(study), delete, grace)


@app.command()
def verify(
    study: StudyArgument,
    delete: Annotated[
        bool, typer.Option("--delete", help="Delete what is damaged, and all that was made from it.")
    ] = False,
) -> None:
    """Read every file of the study, and check that each is whole and that they agree with one another."""
    from persona_assets.cli.health import verify_study

    verify_study(load_study(study), delete)


@app.command()
def sql(
    study: StudyArgument,
    query: Annotated[
        str | None,
        typer.Argument(help="The query in DuckDB's SQL. Without it, the query is read from standard input."),
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
    """Ask the study's warehouse. Example: persona sql demo "from which_roles(7) limit 5"."""
    from persona_assets.cli.answers import ask, read_query

    ask(load_study(study), read_query(query), output, wide=wide, snapshot=snapshot)


@app.command()
def keep(
    study: StudyArgument,
    name: Annotated[str, typer.Argument(help="The name to keep it under.", show_default=False)],
) -> None:
    """Keep the published snapshot under a name. As long as it is there, gc keeps its files."""
    from persona_assets.warehouse import keep as kept_as

    typer.echo(f"{kept_as(load_study(study), name)}: kept; delete the file to let it go")
    typer.echo(f'ask it: persona sql {study} --snapshot {name} "from which_roles(7) limit 5"')


@app.command()
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


@app.command()
def top_features(
    study: StudyArgument,
    role: Annotated[str, typer.Argument(help="The role's name.", show_default=False)],
    limit: Annotated[int, typer.Option("--limit", min=1, help="How many features.")] = 20,
    sae: SaeOption = None,
    output: FormatOption = Format.table,
    wide: WideOption = False,
) -> None:
    """Show the features that characterize a role."""
    from persona_assets.cli.answers import ask
    from persona_assets.cli.arguments import check_role, check_sae

    opened = load_study(study)
    check_role(opened, role)
    check_sae(opened, sae)
    query = "from top_features($role, sae := $sae) limit $limit"
    ask(opened, query, output, wide=wide, role=role, sae=sae, limit=limit)


@app.command()
def plot(
    study: StudyArgument,
    subject: Annotated[Subject, typer.Argument(help="What to draw.", show_default=False)],
    name: Annotated[
        str | None, typer.Argument(help="The feature's id, or the role's name.", show_default=False)
    ] = None,
    sae: SaeOption = None,
    to: Annotated[
        Path | None,
        typer.Option("--to", help="The .png or .svg file to write. Default: STUDY-SUBJECT.png."),
    ] = None,
) -> None:
    """Draw roles, the atlas, one feature or one role. Example: persona plot demo role pirate."""
    from persona_assets.cli.plot import plot

    typer.echo(plot(load_study(study), subject.value, name, sae, to))


@labels_app.command("fetch")
def labels_fetch(
    study: StudyArgument,
    sae: SaeOption = None,
    limit: Annotated[
        int | None, typer.Option("--limit", min=1, help="Ask for this many features at most.")
    ] = None,
    refresh: Annotated[
        bool, typer.Option("--refresh", help="Ask again for labels that are there already.")
    ] = False,
) -> None:
    """Fetch Neuronpedia's labels, those of the atlas's features first; you can interrupt and resume it."""
    from persona_assets.cli.labels import fetch

    fetch(load_study(study), sae, limit, refresh)


@labels_app.command("search")
def labels_search(
    study: StudyArgument,
    text: Annotated[
        str, typer.Argument(help="Words that a label must have, all of them.", show_default=False)
    ],
    limit: Annotated[int, typer.Option("--limit", min=1, help="How many features.")] = 20,
    sae: SaeOption = None,
    output: FormatOption = Format.table,
    wide: WideOption = False,
) -> None:
    """Find features by their labels. Labels are written by models, and not checked."""
    from persona_assets.cli.answers import ask

    ask(
        load_study(study),
        "from search_labels($text, sae := $sae) limit $limit",
        output,
        if_none=f"no label has all of these words: {one_line(text, 100)}",
        wide=wide,
        text=text,
        sae=sae,
        limit=limit,
    )


@roles_app.command("import")
def roles_import(
    source: Annotated[str, typer.Argument(help="A directory or git URL of the assistant-axis shape.")],
    to: Annotated[
        Path | None, typer.Option("--to", help="The folder to put it in. Default: data/assistant_axis.")
    ] = None,
) -> None:
    """Check a whole data set of roles and questions, then put it in place."""
    from persona_assets.study.importer import import_roles

    imported = import_roles(source, to)
    replaced = f"replaced {imported.n_replaced} roles with " if imported.n_replaced else ""
    typer.echo(f"{imported.source} → {imported.directory}")
    typer.echo(f"{replaced}{imported.n_roles} roles and {imported.n_questions} questions")


@app.command("import")
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


@app.command("export")
def export_files(
    study: StudyArgument,
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="The folder to write to.")],
) -> None:
    """Write responses (JSONL), features, aggregates (NPZ) and atlas (JSON) as earlier scripts read them."""
    from persona_assets.cli.exchange import export_outputs

    export_outputs(load_study(study), directory)


@app.command()
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

    follow(load_study(study), files or [], overwrite, export, output, wide)


@app.command()
def explore(
    study: StudyArgument,
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help="The port; 0 takes a free one.")
    ] = 8420,
    host: Annotated[
        str,
        typer.Option(
            "--host",
            help="The address to listen on. There is no password: whoever can connect can read the study.",
        ),
    ] = "127.0.0.1",
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open it in a browser.")] = True,
    drift_runs: Annotated[
        Path | None,
        typer.Option(
            "--drift-runs",
            metavar="DIR",
            help="Show the drift runs that any tool exported to DIR.",
        ),
    ] = None,
) -> None:
    """Show the study in a browser: map, features, roles, search, SQL. Ctrl-C ends it."""
    from persona_assets.cli.explore import explore

    explore(load_study(study), host, port, browser, drift_runs)


@app.command()
def site(
    study: StudyArgument,
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="A new folder, or an earlier site's.")],
) -> None:
    """Write the explorer, without its SQL console, as files for any web host."""
    from persona_assets.cli.explore import site

    site(load_study(study), directory)
