"""Arguments and options that several commands share."""

from __future__ import annotations

import re
from enum import StrEnum
from itertools import pairwise
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

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


FormatOption = Annotated[
    Format,
    typer.Option("--format", help="How to print the answer. Scripts take csv or json: there no cell is cut."),
]
WideOption = Annotated[
    bool,
    typer.Option(
        "--wide", help="Show all columns of a table, even if lines exceed the terminal; a pipe gets all."
    ),
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


class TextCommand(TyperCommand):
    """A command with a text among its arguments, such as SQL that opens with a comment: `"-- why ..."`.

    A word that begins with a dash is no option's name, but that text, where it has a space before any `=`, or
    more than one line. `--system=…` is an option, however many lines its value has.
    """

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the words, such a text as the last argument."""
        with_value = {name for one in self.params if not getattr(one, "is_flag", True) for name in one.opts}
        texts = [
            place
            for place, (before, word) in enumerate(pairwise(["", *args]))
            if re.match(r"-([^\s=]*\s|.*\n)", word)
            and with_value.isdisjoint([before, word.partition("=")[0]])
        ]
        if texts and "--" not in args:
            others = [word for place, word in enumerate(args) if place not in texts]
            args = [*others, "--", *(args[place] for place in texts)]
        return super().parse_args(ctx, args)
