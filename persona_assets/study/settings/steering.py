"""Interventions: what is changed in a stream while the model runs, and on which answers."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from persona_assets.study.backends import generation_backend
from persona_assets.study.settings.block import Block, Name, PositiveInt

Operation = Literal["add", "ablate", "cap", "floor"]
Target = Literal["top_features", "features", "role_vector", "assistant_axis", "axis_file", "role_file"]


Answering = Literal["transformers", "vllm"]
_ANSWERS = ("answers", "answer_targets", "answer_controls")


class InterventionSettings(Block):
    """What is edited, how, and on which answers; and how many controls are edited beside it."""

    _OF_ANSWERS = "decides the steered responses, and through these the effects; what is read stays"
    ELSEWHERE = {
        "file": "its content enters",
        "from_file": "its content enters",
        "answers": _OF_ANSWERS,
        "answer_targets": _OF_ANSWERS,
        "answer_controls": _OF_ANSWERS,
        "answer_backend": _OF_ANSWERS,
    }

    target: Target = "top_features"
    """What is edited: the first features of `role` by `top_features`, the `features` listed here, the vector
    from the other roles to `role`, the assistant axis (from the other roles to `analysis.anchor`), the axis
    in `file`, or the vector from `from_file` to the role in `file`."""
    role: Name | None = None
    """The role whose features or vector it is, and towards which `readout` counts."""
    top: PositiveInt = 10
    """How many of its features."""
    features: list[Annotated[int, Field(ge=0, le=2**31 - 1)]] = []
    """The ids of the features, with `target: features`."""
    file: str | None = None
    """A `.pt` file as assistant-axis publishes them: of an axis with `target: axis_file`, of a role with
    `target: role_file`."""
    from_file: str | None = None
    """With `target: role_file`: the file of what the role is told from. It is another role's, such as the
    default's, or an axis's with the mean of the roles (`role_mean`)."""
    operation: Operation = "ablate"
    """`ablate`: take away what there is; `add`: add an amount to every token; `cap` and `floor`: keep the
    amount below or above a bound."""
    strengths: Annotated[list[Annotated[float, Field(allow_inf_nan=False)]], Field(min_length=1)] = [1.0]
    """Amounts that are added, and bounds, in units of docs/interventions.md; `ablate` has none."""
    tokens: Literal["all", "response"] = "response"
    """Which tokens are edited: all of the conversation, or the answer's."""
    roles: list[Name] = []
    """The roles whose answers are read; by default `role`."""
    questions: PositiveInt = 6
    """How many questions' answers are read, one of each; the pairs that intervals are over."""
    reference: PositiveInt = 6
    """How many answers of each role, to other questions, tell where the roles lie."""
    controls: Annotated[int, Field(ge=0)] = 200
    """How many random features are edited beside features: as often and as strongly active in the role."""
    directions: Annotated[int, Field(ge=0)] = 50
    """How many random directions are edited beside the targets, by the targets' own amounts."""
    seed: Annotated[int, Field(ge=0)] = 0
    """Seed of both."""
    answers: Annotated[int, Field(ge=0)] = 0
    """How many of the `questions` the model answers again under each edit; by default none."""
    answer_targets: PositiveInt = 3
    """Under the edits of how many targets, the first ones, it answers."""
    answer_controls: PositiveInt = 59
    """Under the edits of how many of their controls besides: random features, or directions where there are
    none."""
    answer_backend: Answering | None = None
    """What answers under edits: by default `generation.backend`, or transformers where that edits nothing."""

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if (self.target == "features") != bool(self.features):
            raise ValueError("`features` and `target: features` go together")
        if (self.target in ("axis_file", "role_file")) != (self.file is not None):
            raise ValueError("`file` and `target: axis_file`, or `role_file`, go together")
        if (self.target == "role_file") != (self.from_file is not None):
            raise ValueError("`from_file` and `target: role_file` go together")
        if self.target in ("top_features", "role_vector") and self.role is None:
            raise ValueError(f"target {self.target} needs a `role`")
        if not self.roles and self.role is None:
            raise ValueError("say whose answers are read: `roles`")
        if self.operation == "ablate" and self.strengths != [1.0]:
            raise ValueError("`ablate` takes away what there is; leave `strengths` out")
        for name in ("features", "roles", "strengths"):
            values: list[object] = getattr(self, name)
            if len(set(values)) < len(values):
                raise ValueError(f"`{name}` names one twice")
        if not self.directions and not (self.of_features and self.controls):
            of = "`controls` or `directions`" if self.of_features else "`directions`"
            raise ValueError(f"an effect is told from chance by controls; ask for some ({of})")
        if self.answers > self.questions:
            raise ValueError("`answers` are to the first of the `questions`, so there cannot be more of them")
        return self

    @property
    def read(self) -> list[str]:
        """The roles whose answers are read."""
        return self.roles or [self.role or ""]

    def answers_by(self, backend: str) -> str:
        """Return what answers under edits, in a study whose answers a `backend` gives."""
        own = generation_backend(backend).steers is not None
        return self.answer_backend or (backend if own else "transformers")

    def of_answers(self) -> dict[str, int]:
        """Return the keys that decide what is generated."""
        return {name: getattr(self, name) for name in _ANSWERS}

    @property
    def n_answers(self) -> int:
        """How many new answers are given at most, under all edits and one of nothing, by all roles."""
        if not self.answers:
            return 0
        n_targets = {"top_features": self.top, "features": len(self.features)}.get(self.target, 1)
        n_controls = self.controls if self.of_features and self.controls else self.directions
        n_edits = min(n_targets, self.answer_targets) + min(n_controls, self.answer_controls)
        return (n_edits * len(self.strengths) + 1) * self.answers * len(self.read)

    @property
    def along_an_axis(self) -> bool:
        """Whether an axis is edited, in units of how far roles lie apart along it."""
        return self.target in ("assistant_axis", "axis_file")

    @property
    def of_features(self) -> bool:
        """Whether features are edited, and no direction between roles."""
        return self.target in ("top_features", "features")
