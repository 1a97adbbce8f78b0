"""docs/cli.md is what the commands say of themselves, with examples from examples.txt.

`python -m tests.cli.test_page` writes the page anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Any

import typer

from persona_assets.cli.app import app
from tests.places import PROJECT

PAGE = PROJECT / "docs/cli.md"
EXAMPLES = Path(__file__).with_name("examples.txt")
INTRODUCTION = """# The command `persona`

This page is printed from the commands' own help, which `persona COMMAND --help` shows too. A mistake in the
input ends a command with one line and status 2. The examples show what each command prints for the study
`smollm2`, whole, in a terminal of 100 columns, which hides the columns of a table that have no room and names
them on standard error. A pipe or a file gets all, more than twenty of `persona top-features`. To choose
columns ask in SQL: `persona sql smollm2 "select feature_id, label, q from top_features('pirate') limit 5"`.
"""


def commands(group: Any, prefix: str = "persona") -> Iterator[tuple[str, Any]]:
    """Yield every command below `group`, by the words that call it."""
    for name, command in group.commands.items():
        words = f"{prefix} {name}"
        if hasattr(command, "commands"):
            yield from commands(command, words)
        else:
            yield words, command


def examples() -> dict[str, str]:
    """Return one example per command, what is typed and what is printed, by the words that call it."""
    every = (block.strip("\n") for block in EXAMPLES.read_text().split("\n\n$ "))
    known = {words for words, _ in commands(typer.main.get_command(app))}
    found = {}
    for example in every:
        typed = example.removeprefix("$ ")
        [words] = [words for words in known if f"{typed} ".replace("\n", " ").startswith(f"{words} ")]
        found[words] = f"$ {typed}"
    return found


def rows(command: Any) -> Iterator[tuple[str, str]]:
    """Yield each argument and option of a command, with its help and its default."""
    for parameter in command.params:
        said = getattr(parameter, "help", None) or ""
        if parameter.param_type_name == "argument":
            yield f"`{parameter.metavar or str(parameter.name).upper()}`", said
            continue
        switch = parameter.is_flag
        values = "" if switch else f" {parameter.metavar or values_of(parameter)}"
        default = parameter.default
        if default is not None and default is not False and not callable(default):
            word = parameter.opts[0] if switch else getattr(default, "value", default)
            said += f" Default: `{word}`."
        yield f"`{', '.join([*parameter.opts, *parameter.secondary_opts])}{values}`".replace("|", "\\|"), said


def values_of(option: Any) -> str:
    """Return what an option takes: its choices, or its type."""
    kind = option.type_descriptor.annotation
    if issubclass(kind, StrEnum):
        return "|".join(kind)
    return {int: "N", Path: "PATH", float: "NUMBER"}.get(kind, "TEXT")


def cli_page() -> str:
    """Return the text of docs/cli.md."""
    parts, shown_examples = [INTRODUCTION], examples()
    for words, command in commands(typer.main.get_command(app)):
        about = " ".join((command.help or "").split())
        parts.append(f"\n## {words}\n\n{about}\n\n| | |\n| --- | --- |\n")
        parts += [f"| {shown} | {said} |\n" for shown, said in rows(command)]
        parts.append(f"\n```console\n{shown_examples[words]}\n```\n")
    return "".join(parts)


def test_the_page_of_commands_is_what_they_say_of_themselves() -> None:
    assert PAGE.read_text() == cli_page()


def test_every_command_and_option_is_on_the_page_and_says_what_it_is_for() -> None:
    page = PAGE.read_text()
    for words, command in commands(typer.main.get_command(app)):
        assert command.help, words
        section = page.split(f"## {words}\n")[1].split("\n## ")[0]
        for parameter in command.params:
            assert getattr(parameter, "help", None), (words, parameter.name)
            assert all(
                f"`{option}" in section or f", {option}" in section
                for option in parameter.opts
                if option.startswith("-")
            )


if __name__ == "__main__":
    PAGE.write_text(cli_page())
