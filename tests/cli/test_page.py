"""docs/cli.md is what the commands say of themselves. `python -m tests.cli.test_page` writes it anew."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import typer

from persona_assets.cli.app import app
from tests.places import PROJECT

PAGE = PROJECT / "docs/cli.md"
INTRODUCTION = """# The command `persona`

Printed from the commands' own help, which `persona COMMAND --help` shows too. A mistake in what was given
ends a command with one line and status 2.
"""


def commands(group: Any, prefix: str = "persona") -> Iterator[tuple[str, Any]]:
    """Yield every command below `group`, by the words that call it."""
    for name, command in group.commands.items():
        words = f"{prefix} {name}"
        if hasattr(command, "commands"):
            yield from commands(command, words)
        else:
            yield words, command


def rows(command: Any) -> Iterator[tuple[str, str]]:
    """Yield each argument and option of a command, with its help."""
    for parameter in command.params:
        if parameter.param_type_name == "argument":
            shown = parameter.metavar or str(parameter.name).upper()
        else:
            shown = ", ".join([*parameter.opts, *parameter.secondary_opts])
        yield shown, getattr(parameter, "help", None) or ""


def cli_page() -> str:
    """Return the text of docs/cli.md."""
    parts = [INTRODUCTION]
    for words, command in commands(typer.main.get_command(app)):
        about = " ".join((command.help or "").split())
        parts.append(f"\n## {words}\n\n{about}\n\n| | |\n| --- | --- |\n")
        parts += [f"| `{shown}` | {said} |\n" for shown, said in rows(command)]
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
