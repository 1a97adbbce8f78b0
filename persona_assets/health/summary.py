"""A study at a glance: of every stage what is fresh, stale or missing, how large it is, and how old."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from persona_assets.lake.lake import LakeFile
from persona_assets.lake.schema import (
    ACTIVATIONS,
    ATLAS_TABLES,
    FEATURE_LABELS,
    RESPONSES,
    ROLE_FEATURES,
    STATISTICS_TABLES,
    Table,
)
from persona_assets.stages.across_roles import AcrossRoles
from persona_assets.stages.of_roles import RoleFiles, State
from persona_assets.study.study import Study

_ACROSS = {"statistics": STATISTICS_TABLES, "atlas": ATLAS_TABLES, "feature_labels": (FEATURE_LABELS,)}


@dataclass(frozen=True)
class Size:
    """Bytes of some files, and when the first and the last were made (seconds since 1970), if any."""

    n_bytes: int = 0
    oldest: float | None = None
    newest: float | None = None

    @classmethod
    def of(cls, files: Iterable[LakeFile | None]) -> Size:
        """The size of the files that are there."""
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
    across = AcrossRoles.of(study)
    stages = _role_stages(study)
    roles = [
        RoleSummary(
            role,
            {name: files.state(table, sae) for name, table, sae in stages},
            Size.of(file for _, table, sae in stages for file in _fresh(files, table, sae)),
        )
        for role, files in across.roles.items()
    ]
    of_roles = [
        StageSummary(
            name,
            Counter(role.states[name] for role in roles),
            Size.of(file for files in across.roles.values() for file in _fresh(files, table, sae)),
        )
        for name, table, sae in stages
    ]
    return roles, [*of_roles, *_stages_across(across)]


def _role_stages(study: Study) -> list[tuple[str, Table, str | None]]:
    saes = list(study.settings.extraction.saes)
    of_saes = [(table, sae) for sae in saes for table in (ACTIVATIONS, ROLE_FEATURES)]
    named = [(_named(table.name, sae, saes), table, sae) for table, sae in of_saes]
    return [(RESPONSES.name, RESPONSES, None), *named]


def _named(stage: str, sae: str, saes: Sequence[str]) -> str:
    return stage if len(saes) == 1 else f"{stage} ({sae})"


def _fresh(files: RoleFiles, table: Table, sae: str | None) -> list[LakeFile | None]:
    """The stage's fresh files: extraction's three are counted with the activations."""
    if sae is None:
        return [files.responses]
    if table is ACTIVATIONS:
        return [files.activations(sae), files.pooled(sae), files.evidence(sae)]
    return [files.role_features(sae)]


def _stages_across(across: AcrossRoles) -> list[StageSummary]:
    saes = list(across.study.settings.extraction.saes)
    return [
        _stage_across(across, _named(stage, sae, saes), tables, sae)
        for sae in saes
        for stage, tables in _ACROSS.items()
    ]


def _stage_across(across: AcrossRoles, name: str, tables: tuple[Table, ...], sae: str) -> StageSummary:
    fresh = across.files(tables, sae)
    there = any(across.study.lake.files(table, sae=sae) for table in tables)
    state: State = "fresh" if fresh else "stale" if there else "missing"
    return StageSummary(name, Counter([state]), Size.of((fresh or {}).values()))
