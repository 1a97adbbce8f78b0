"""The groups that a study's own contrasts come to: which roles, wordings or questions are on either side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from persona_assets.base.errors import StudyError
from persona_assets.base.given import meant
from persona_assets.study.settings.contrast import ContrastSettings, Kind
from persona_assets.study.study import Study


@dataclass(frozen=True)
class Groups:
    """Two groups that are compared: roles by name, wordings or questions by number, sorted.

    `within` are the roles whose answers take part; of a contrast of roles, those of both groups.
    """

    kind: Kind
    group: list[Any]
    against: list[Any]
    within: list[str]

    def as_json(self) -> dict[str, Any]:
        """Return what a fingerprint holds of them."""
        return {"kind": self.kind, "group": self.group, "against": self.against, "within": self.within}


def groups_of(study: Study) -> dict[str, Groups]:
    """Return the groups of each of the study's contrasts, by its name.

    Raises StudyError, naming the contrast, where one names what the study does not have or compare, or where
    nothing is left for the second group.
    """
    return {name: _groups(study, name, one) for name, one in study.settings.contrasts.items()}


def _groups(study: Study, name: str, contrast: ContrastSettings) -> Groups:
    where, kind = f"{study.file}: contrasts.{name}", contrast.kind
    compared = compared_roles(study)
    within = sorted(set(contrast.within or compared))
    for role in within:
        check_role(study, f"{where}.within", role, compared)
    known = compared if kind == "roles" else _numbers(study, where, kind, within)
    group = contrast.group
    against = [one for one in known if one not in group] if contrast.others is None else contrast.others
    for key, members in ((kind, group), ("against", against)):
        for one in members:
            if kind == "roles":
                check_role(study, f"{where}.{key}", str(one), compared)
            elif one not in known:
                told = f"{where}.{key}: the roles are asked no {kind[:-1]} {one}"
                raise StudyError(f"{told}; there are {_shortly([*map(int, known)])}")
    if not against:
        raise StudyError(f"{where}: nothing is left to compare with; take something out of {kind}")
    return Groups(kind, group, against, sorted([*group, *against]) if kind == "roles" else within)


def compared_roles(study: Study) -> list[str]:
    """Return the roles that take part in comparisons."""
    return [role for role in study.role_names if role not in study.settings.analysis.exclude]


def check_role(study: Study, where: str, role: str, compared: Sequence[str]) -> None:
    """Raise StudyError, saying `where`, for a role that is none of the study's that are `compared`."""
    if role in compared:
        return
    if role in study.role_names:
        raise StudyError(f"{where}: role {role!r} is left out of comparisons by analysis.exclude")
    remedy = meant(role, compared, f"its roles: {', '.join(compared)}")
    raise StudyError(f"{where}: {study.name} has no role {role!r}; {remedy}")


def _numbers(study: Study, where: str, kind: Kind, within: Sequence[str]) -> list[int]:
    owner = study.responses_owner
    if kind == "wordings":
        return sorted(owner.generation.prompt_indices)
    if owner.settings.questions.mode != "general":
        raise StudyError(f"{where}: each role has questions of its own (questions.mode), which no two share")
    return sorted(question.id for question in owner.questions(owner.role(within[0])))


def _shortly(numbers: Sequence[int]) -> str:
    """Return numbers as a message shows them: `0 to 17`, or one by one."""
    if len(numbers) > 1 and list(numbers) == list(range(numbers[0], numbers[-1] + 1)):
        return f"{numbers[0]} to {numbers[-1]}"
    return ", ".join(map(str, numbers[:20])) + (" …" if len(numbers) > 20 else "")
