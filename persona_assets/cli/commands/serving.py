"""Commands that let others ask a study. Each imports what it needs when it runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from persona_assets.base.errors import StudyError
from persona_assets.cli.commands.options import StudyArgument
from persona_assets.study.study import load_study

commands = typer.Typer()

PortOption = Annotated[int, typer.Option("--port", min=0, max=65535, help="The port; 0 takes a free one.")]
HostOption = Annotated[
    str,
    typer.Option(
        "--host",
        help="The address to listen on. Without --token whoever can connect can read the study.",
    ),
]
BasePathOption = Annotated[
    str,
    typer.Option("--base-path", metavar="PATH", help="Answer below this path, as behind a reverse proxy."),
]
TrustedHostOption = Annotated[
    list[str] | None,
    typer.Option(
        "--trusted-host",
        metavar="NAME",
        help="Another name by which browsers ask, such as the proxy's; may be given several times.",
    ),
]
TokenOption = Annotated[
    bool,
    typer.Option(
        "--token",
        help="Answer only requests that carry the token: the value of PERSONA_TOKEN, or a new one that "
        "is printed.",
    ),
]
BrowserOption = Annotated[bool, typer.Option("--browser/--no-browser", help="Open it in a browser.")]
DriftRunsOption = Annotated[
    Path | None,
    typer.Option(
        "--drift-runs",
        metavar="DIR",
        help="Show the drift runs that any tool exported to DIR.",
    ),
]
ModelOption = Annotated[
    bool, typer.Option("--model", help="Load the study's model, for the pages Try and Steer.")
]
AxisFilesOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--axis-file",
        exists=True,
        dir_okay=False,
        metavar="FILE.pt",
        help="With --model: let the page Steer edit the axis in a file of assistant-axis's; may be given "
        "several times.",
    ),
]
CapFilesOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--cap-file",
        exists=True,
        dir_okay=False,
        metavar="FILE",
        help="With --model: let the page Steer answer under a cap that `persona cap` wrote; may be given "
        "several times.",
    ),
]


@commands.command()
def explore(
    study: StudyArgument,
    port: PortOption = 8420,
    host: HostOption = "127.0.0.1",
    base_path: BasePathOption = "/",
    trusted_host: TrustedHostOption = None,
    token: TokenOption = False,
    browser: BrowserOption = True,
    drift_runs: DriftRunsOption = None,
    model: ModelOption = False,
    axis_file: AxisFilesOption = None,
    cap_file: CapFilesOption = None,
) -> None:
    """Show the study in a browser: map, features, roles, search, findings, SQL. Ctrl-C ends it."""
    from persona_assets.cli.explore import Steerable, access_by, explore

    opened, access = load_study(study), access_by(host, trusted_host or [], base_path, token)
    steerable = Steerable(axis_file or [], cap_file or []) if model else None
    if not model and (axis_file or cap_file):
        raise StudyError("--axis-file and --cap-file are for the page Steer, which takes --model")
    explore(opened, access, port, browser, drift_runs, steerable)


@commands.command("mcp")
def serve_agents(study: StudyArgument) -> None:
    """Let agents ask the study: a server of the Model Context Protocol over standard input and output."""
    from persona_assets.cli.agents import serve

    serve(load_study(study))


@commands.command()
def site(
    study: StudyArgument,
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="A new folder, or an earlier site's.")],
) -> None:
    """Write the explorer as files for any web host.

    Its page SQL asks a database by HTTP ranges; where the host has none it reads all of it.
    """
    from persona_assets.cli.explore import site

    site(load_study(study), directory)
