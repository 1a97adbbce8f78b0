"""Arguments and options that several commands share."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

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

    line = "line"
    similarity = "similarity"
    axes = "axes"
    atlas = "atlas"
    feature = "feature"
    role = "role"
    doses = "doses"
