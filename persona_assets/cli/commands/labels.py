"""Commands about descriptions of features. Each imports what it needs when it runs."""

from __future__ import annotations

from typing import Annotated

import typer

from persona_assets.base.given import one_line
from persona_assets.cli.commands.options import (
    Format,
    FormatOption,
    SaeOption,
    StudyArgument,
    TextCommand,
    WideOption,
)
from persona_assets.study.study import load_own, load_study

labels_app = typer.Typer(no_args_is_help=True, help="Fetch and search descriptions of features.")


# A table cuts long labels, and shows them from a little before what was found on; programs get them whole.
_SHOWN = {
    Format.table: "feature_id, around as description, source, model, url",
    Format.csv: "* exclude (around)",
    Format.json: "* exclude (around)",
}


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

    fetch(load_own(study), sae, limit, refresh)


@labels_app.command("search", cls=TextCommand)
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
        f"select {_SHOWN[output]} from search_labels($text, sae := $sae) limit $limit",
        output,
        if_none=f"no label has all of these words: {one_line(text, 100)}",
        wide=wide,
        text=text,
        sae=sae,
        limit=limit,
    )
