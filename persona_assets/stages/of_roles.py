"""Which file of a role is the right one under the study's settings of today, stage by stage."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, cast

from persona_assets.lake.fingerprint import Fingerprint, fingerprint
from persona_assets.lake.lake_file import LakeFile, fresh
from persona_assets.lake.look import Look, files_of
from persona_assets.lake.schema import (
    ACTIVATIONS,
    EVIDENCE,
    POOLED,
    RESPONSE_SPANS,
    RESPONSES,
    ROLE_FEATURES,
    Table,
)
from persona_assets.stages.inputs import link
from persona_assets.stages.stage import Inputs, Stage, State
from persona_assets.stages.table import stage_of
from persona_assets.study.study import Study


@dataclass(frozen=True)
class RoleFiles:
    """The files of one role of `study`. An answer is what the lake held when it was first asked for.

    Who asks for many roles shares one `look` among them.
    """

    study: Study
    role: str
    look: Look | None = None
    _answers: dict[Hashable, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def saes(self) -> list[str]:
        """The study's SAEs, its first first."""
        return list(self.study.settings.extraction.saes)

    def saes_of(self, stage: Stage) -> list[str | None]:
        """Return the SAEs under which the role has files of `stage`: the study's, or None alone.

        There are none of a stage that the study does not ask for.
        """
        if not stage.wanted(self.study.settings):
            return []
        return list(self.saes) if stage.mark.per_sae else [None]

    def of(self, role: str) -> RoleFiles | None:
        """Return another role's files, looked at with these; None of a role that the study lacks."""
        return RoleFiles(self.study, role, self.look) if role in self.study.role_names else None

    def inputs(self, table: Table, sae: str | None = None) -> Inputs:
        """Return what decides the content of the role's file of `table`; None where it cannot be made yet."""
        strategy = self.study.settings.atlas.strategy
        return self._once(
            ("inputs", table.name, sae), lambda: stage_of(table).inputs(table, self, sae, strategy)
        )

    def fingerprint(self, table: Table, sae: str | None = None) -> Fingerprint | None:
        """Return the hash of `inputs`."""
        inputs = self.inputs(table, sae)
        return None if inputs is None else self._once((table.name, sae), lambda: fingerprint(inputs))

    def file(self, table: Table, sae: str | None = None) -> LakeFile | None:
        """Return the role's fresh file of `table`; with `responses_from` of responses the other's."""
        return self._once(("file", table.name, sae), lambda: self._fresh(table, sae))

    def all(self, table: Table, sae: str | None = None) -> list[LakeFile]:
        """Return every file of `table` that the role has, fresh or not."""
        is_owners = table in (RESPONSES, RESPONSE_SPANS)
        lake = self.study.responses_owner.lake if is_owners else self.study.lake
        return files_of(self.look, lake, table, sae=sae, role=self.role)

    def has(self, stage: Stage, sae: str | None = None, *, selected: bool = False) -> bool:
        """Return whether everything that `stage` makes is there; `selected`: also what it may lack."""
        return not self.lacking(stage, sae, selected=selected)

    def lacking(self, stage: Stage, sae: str | None = None, *, selected: bool = True) -> list[Table]:
        """Return the tables of `stage` that are not there; only what it needs unless it is `selected`."""
        lacking = [table for table in stage.tables if self.file(table, sae) is None]
        mark = self.file(stage.mark, sae)
        if not lacking and mark is not None and mark.imported:
            return []
        asked = [extra for extra in stage.extras if extra.wanted(self.study.settings)]
        wanted = [extra.table for extra in asked if extra.needed or (selected and extra.always)]
        return lacking + [table for table in wanted if self.file(table, sae) is None]

    def state(self, table: Table, sae: str | None = None) -> State:
        """Return whether all of the stage that lands `table` is fresh, only of other settings, or missing."""
        stage = stage_of(table)
        if self.has(stage, sae):
            return "fresh"
        return "stale" if self.all(stage.mark, sae) else "missing"

    @property
    def responses_fingerprint(self) -> str:
        """What decides the role's responses."""
        return cast(str, self.fingerprint(RESPONSES))

    @property
    def responses(self) -> LakeFile | None:
        """The role's fresh responses."""
        return self.file(RESPONSES)

    def activations_fingerprint(self, sae: str) -> str | None:
        """Return what decides the role's activations under `sae`; None where it has no fresh responses."""
        return self.fingerprint(ACTIVATIONS, sae)

    def activations(self, sae: str) -> LakeFile | None:
        """Return the role's fresh activations."""
        return self.file(ACTIVATIONS, sae)

    def pooled(self, sae: str) -> LakeFile | None:
        """Return the fresh list of which responses were encoded."""
        return self.file(POOLED, sae)

    def evidence(self, sae: str) -> LakeFile | None:
        """Return the role's fresh evidence; imported activations have none."""
        return self.file(EVIDENCE, sae)

    def extracted(self, sae: str) -> bool:
        """Return whether everything extraction makes is there."""
        return self.has(stage_of(ACTIVATIONS), sae)

    def role_features_fingerprint(self, sae: str) -> str | None:
        """Return what decides the role's aggregates; None where it is not extracted."""
        return self.fingerprint(ROLE_FEATURES, sae)

    def role_features(self, sae: str) -> LakeFile | None:
        """Return the role's fresh aggregates."""
        return self.file(ROLE_FEATURES, sae)

    def _fresh(self, table: Table, sae: str | None) -> LakeFile | None:
        usable = self._usable(table, sae)
        made_from = self.fingerprint(table, sae) if usable else None  # which may ask a lot to be known
        return None if made_from is None else fresh(usable, made_from)

    def _usable(self, table: Table, sae: str | None) -> list[LakeFile]:
        """Return the files that may be fresh: what is imported stands as long as its responses do."""
        files = self.all(table, sae)
        if table is RESPONSES or self.responses is None:
            return files
        ours = link(self.responses)
        return [file for file in files if not file.imported or file.made_from.endswith(ours)]

    def _once(self, question: Hashable, answer: Callable[[], Any]) -> Any:
        if question not in self._answers:
            self._answers[question] = answer()
        return self._answers[question]


def look_at_roles(study: Study, look: Look | None = None) -> dict[str, RoleFiles]:
    """Return every role of the study by name, all looked at as of one moment."""
    look = look or Look()
    return {role: RoleFiles(study, role, look) for role in study.role_names}


def imported_from(responses: LakeFile, content: dict[str, Any]) -> str:
    """What imported features of `responses` are named by: half their content's hash, half the responses'.

    The second half lets them go stale with the responses that they belong to.
    """
    return f"imported-{fingerprint(content)[:8]}{link(responses)}"
