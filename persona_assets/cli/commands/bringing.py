"""Commands that bring files in and take them out. Each imports what it needs when it runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from persona_assets.cli.commands.options import StudyArgument
from persona_assets.study.study import load_own

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

    import_outputs(load_own(study), outputs, overwrite)


@commands.command("export")
def export_files(
    study: StudyArgument,
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="The folder to write to.")],
) -> None:
    """Write responses (JSONL), features (NPZ), vectors (PT), atlas (JSON), contrasts (CSV) in a folder."""
    from persona_assets.cli.exchange import export_outputs

    export_outputs(load_own(study), directory)


@commands.command("dataset")
def write_dataset(
    study: StudyArgument,
    directory: Annotated[
        Path,
        typer.Argument(metavar="DIR", help="A new folder, or an earlier one.", show_default=False),
    ],
    license_: Annotated[
        str,
        typer.Option(
            "--license",
            metavar="ID",
            help="The licence that you give it, as the hub writes it: mit, cc-by-4.0, other.",
            show_default=False,
        ),
    ],
    url: Annotated[
        str | None, typer.Option("--url", help="The address at which DIR will lie, for its database's views.")
    ] = None,
    upload: Annotated[
        str | None,
        typer.Option("--upload", metavar="OWNER/NAME", help="Send it to the Hugging Face hub, too, as this."),
    ] = None,
    private: Annotated[bool, typer.Option("--private", help="On the hub, for its owner alone.")] = False,
) -> None:
    """Write the newest snapshot for others: Parquet, a card, a database to attach by its address."""
    from persona_assets.cli.dataset import dataset

    dataset(load_own(study), directory, license_, url, upload, private)


@commands.command()
def pull(
    source: Annotated[
        str,
        typer.Argument(
            metavar="SOURCE",
            help="The address of a data set, its page on the hub, or a folder.",
            show_default=False,
        ),
    ],
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="A new folder.", show_default=False)],
) -> None:
    """Bring a data set of somebody's as a study to ask; you can interrupt and resume it."""
    from persona_assets.cli.dataset import pull

    pull(source, directory)
