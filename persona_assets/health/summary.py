"""A study at a glance: of every stage what is fresh, stale or missing, how large it is, and how old."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from persona_assets.lake.lake_file import LakeFile
from persona_assets.lake.schema import MARTS
from persona_assets.stages.files import StudyFiles
from persona_assets.stages.stage import Part, Stage, State
from persona_assets.stages.table import PER_ROLE, PER_STUDY, stage
from persona_assets.study.study import Study


@dataclass(frozen=True)
class Size:
    """Bytes of some files, and when the first and the last were made (seconds since 1970), if any."""

    n_bytes: int = 0
    oldest: float | None = None
    newest: float | None = None

    @classmethod
    def of(cls, files: Iterable[LakeFile | None]) -> Size:
        """Return the size of the files that are there."""
        found = [file for file in files if file is not None]
        moments = [file.modified for file in found]
        return cls(sum(file.size for file in found), min(moments, default=None), max(moments, default=None))


@dataclass(frozen=True)
class RoleSummary:
    """A role: the state of each stage by name, and its fresh files."""

    role: str
    states: dict[str, State]
    size: Size


@dataclass(frozen=True)
class StageSummary:
    """A stage: in how many roles it is in which state (of all roles together: one), and its fresh files."""

    name: str
    states: Counter[State] = field(default_factory=Counter)
    size: Size = Size()


def summarize(study: Study) -> tuple[list[RoleSummary], list[StageSummary]]:
    """Every role, and every stage. Raises StudyError where roles, questions, model or SAE cannot be read."""
    owner = study.responses_owner
    for role in study.role_names:  # where no file is there yet, nothing else asks for them
        owner.questions(owner.role(role))
    files = StudyFiles.of(study)
    saes = list(study.settings.extraction.saes)
    wanted = [stage for stage in PER_ROLE if stage.wanted(study.settings)]
    per_sae = [(stage, sae) for sae in saes for stage in wanted if stage.mark.per_sae]
    of_roles = [*((stage, None) for stage in wanted if not stage.mark.per_sae), *per_sae]
    found = {
        (named(stage, sae, saes), role): (
            files.state(stage, part := Part(role, sae)),
            [held.file for held in files.held(stage, part)],
        )
        for stage, sae in of_roles
        for role in files.roles
    }
    names = list(dict.fromkeys(name for name, _ in found))
    roles = [
        RoleSummary(
            role,
            {name: found[name, role][0] for name in names},
            Size.of(file for name in names for file in found[name, role][1]),
        )
        for role in files.roles
    ]
    stages = [
        StageSummary(
            name,
            Counter(found[name, role][0] for role in files.roles),
            Size.of(file for role in files.roles for file in found[name, role][1]),
        )
        for name in names
    ]
    compared = [stage for stage in PER_STUDY if stage.wanted(study.settings)]
    across = [_across(files, stage, sae) for sae in saes for stage in compared]
    return roles, [*stages, *across, *_marts(files)]


def named(stage: Stage, sae: str | None, saes: Sequence[str]) -> str:
    """Return the stage's name, with the SAE's where the study has several."""
    return stage.name if sae is None or len(saes) == 1 else f"{stage.name} ({sae})"


def _marts(files: StudyFiles) -> list[StageSummary]:
    """Return the line of the study's marts, if it has any."""
    marts = stage("marts")
    parts = files.parts(marts)
    states = Counter(files.state(marts, part) for part in parts)
    held = [held.file for _, held in files.published() if held.table is MARTS]
    return [StageSummary(marts.name, states, Size.of(held))] if parts else []


def _across(files: StudyFiles, stage: Stage, sae: str) -> StageSummary:
    part, saes = Part(sae=sae), list(files.study.settings.extraction.saes)
    state = files.state(stage, part)
    held = files.held(stage, part) if state == "fresh" else []
    return StageSummary(named(stage, sae, saes), Counter([state]), Size.of(one.file for one in held))
