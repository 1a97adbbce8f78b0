"""Options of the commands that edit a model's stream: what is edited, how, and what is said to it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from persona_assets.study.settings.steering import Operation

# persona steer
SaidArgument = Annotated[
    str | None,
    typer.Argument(help="What a user says. Without it, it is read from standard input."),
]
FeatureOption = Annotated[
    int | None, typer.Option("--feature", min=0, help="The feature that is edited, by its id.")
]
RoleOption = Annotated[
    str | None,
    typer.Option("--role", help="In place of a feature: the vector from the others to a role."),
]
AxisOption = Annotated[
    bool,
    typer.Option("--axis", help="In place of a feature: the assistant axis, from the others to the anchor."),
]
AxisFileOption = Annotated[
    Path | None,
    typer.Option(
        "--axis-file",
        exists=True,
        dir_okay=False,
        help="In place of a feature: the axis in a .pt file of assistant-axis's.",
    ),
]
RoleFileOption = Annotated[
    Path | None,
    typer.Option(
        "--role-file",
        exists=True,
        dir_okay=False,
        help="In place of a feature: the vector to a role, from a .pt file of assistant-axis's. A bare "
        "tensor is read as a role's vector, even one that is an axis: give that to --axis-file.",
    ),
]
FromFileOption = Annotated[
    Path | None,
    typer.Option(
        "--from-file",
        exists=True,
        dir_okay=False,
        help="What the vector of --role-file leads from: another role's file, such as default's, or an "
        "axis's.",
    ),
]
OperationOption = Annotated[
    Operation,
    typer.Option(
        "--operation",
        metavar="OPERATION",
        help="What is done to what is edited, in each token of the answer: add (more of it), ablate (none of "
        "it), cap (no more of it than the strength), floor (no less).",
    ),
]
StrengthOption = Annotated[
    list[float] | None,
    typer.Option(
        "--strength",
        metavar="X",
        help="How much, in units of docs/interventions.md; may be given several times. Default: 1.",
        show_default=False,
    ),
]
SystemOption = Annotated[str | None, typer.Option("--system", help="A system prompt.")]
SeedOption = Annotated[
    int, typer.Option("--seed", min=0, max=2**63 - 1, help="Of the random numbers of all answers.")
]

# persona cap
CappedArgument = Annotated[
    list[Path] | None,
    typer.Argument(
        metavar="[FILE]...",
        help="Conversations, or folders of them, on which the effect is measured. Default: none.",
        show_default=False,
    ),
]
HeldAxisOption = Annotated[
    Path | None,
    typer.Option(
        "--axis",
        metavar="FILE",
        exists=True,
        dir_okay=False,
        help="Hold this axis, a .pt file as assistant-axis publishes them. Default: the study's own.",
        show_default=False,
    ),
]
QuantileOption = Annotated[
    float,
    typer.Option("--quantile", help="The share of the anchor's own answers that lie below the threshold."),
]
CapToOption = Annotated[
    Path | None,
    typer.Option(
        "--to",
        metavar="FILE",
        help="The .safetensors file to write. Default: STUDY-cap.safetensors.",
        show_default=False,
    ),
]
HeldSaesOption = Annotated[
    list[str] | None,
    typer.Option(
        "--sae",
        help="Whose stream is held; give several, each of another layer, for a floor in each. "
        "Default: the study's first.",
        show_default=False,
    ),
]
AnswerOption = Annotated[
    bool,
    typer.Option("--answer", help="Have what the user says there answered again, too, under the cap."),
]
ControlsOption = Annotated[
    int, typer.Option("--controls", min=0, help="How many random directions are held beside it.")
]
