"""A contrast of one's own: two groups of roles, wordings or questions."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from persona_assets.study.settings.block import NAME, Block, Name

Kind = Literal["roles", "wordings", "questions"]
Members = Annotated[list[int | str], Field(min_length=1)]

_RANGE = re.compile(r"(\d{1,6})-(\d{1,6})", re.ASCII)


class ContrastSettings(Block):
    """Two groups that are compared: of roles, of wordings, or of questions."""

    ELSEWHERE = dict.fromkeys(
        ("roles", "wordings", "questions", "against", "within"), "the groups that they come to enter"
    )

    roles: Annotated[list[Name], Field(min_length=1)] | None = None
    """The first group: these roles."""
    wordings: Members | None = None
    """In place of `roles`: these wordings of each role, by the variant's number: `[0, 1]`, or `["0-1"]`."""
    questions: Members | None = None
    """In place of `roles`: these questions, by id: `[3, 7]`, or `["0-119"]`."""
    against: Members | None = None
    """The second group; by default all others."""
    within: Annotated[list[Name], Field(min_length=1)] | None = None
    """Of wordings and questions: the roles whose answers are compared; by default all roles that are
    compared."""

    @model_validator(mode="after")
    def _two_groups(self) -> Self:
        given = [kind for kind in ("roles", "wordings", "questions") if getattr(self, kind) is not None]
        if len(given) != 1:
            raise ValueError("a contrast names its first group by one of `roles`, `wordings` and `questions`")
        if self.kind == "roles" and self.within is not None:
            raise ValueError("`within` belongs to contrasts of wordings or questions")
        both = sorted(set(self.group) & set(self.others or ()), key=str)
        if both:
            raise ValueError(f"both groups hold {both[0]!r}")
        return self

    @property
    def kind(self) -> Kind:
        """What the groups are of."""
        if self.roles is not None:
            return "roles"
        return "wordings" if self.wordings is not None else "questions"

    @property
    def group(self) -> list[int] | list[str]:
        """The members of the first group, sorted: roles, or numbers."""
        return self._members(getattr(self, self.kind))

    @property
    def others(self) -> list[int] | list[str] | None:
        """The members of the second group, sorted; None for all others."""
        return None if self.against is None else self._members(self.against)

    def _members(self, written: Sequence[int | str]) -> list[int] | list[str]:
        if self.kind != "roles":
            return sorted({number for one in written for number in _numbers(one)})
        for one in written:
            if not isinstance(one, str) or not NAME.fullmatch(one):
                raise ValueError(f"{one!r} is no role's name")
        return sorted(set(map(str, written)))


def _numbers(written: int | str) -> range:
    if isinstance(written, int) and written >= 0:
        return range(written, written + 1)
    found = _RANGE.fullmatch(str(written))
    if found is None or int(found[1]) > int(found[2]):
        raise ValueError(f"{written!r} is neither a number, such as 3, nor a range, such as '0-119'")
    return range(int(found[1]), int(found[2]) + 1)
