"""Every stage's files of a study, looked at as of one moment: each table of the lake is listed once."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

from persona_assets.base.errors import StudyError
from persona_assets.lake.lake_file import LakeFile
from persona_assets.lake.look import Look
from persona_assets.lake.schema import Table
from persona_assets.stages.across_roles import AcrossRoles
from persona_assets.stages.of_conversations import DriftFiles
from persona_assets.stages.of_marts import MartFiles
from persona_assets.stages.of_roles import RoleFiles, look_at_roles
from persona_assets.stages.stage import Held, Inputs, Part, Stage, State
from persona_assets.stages.table import STAGES, stage
from persona_assets.study.study import Study

_LOG = logging.getLogger(__name__)


class _Files(Protocol):
    """The files of a role, of all roles together, of drift runs or marts; `of` is an SAE, a run or a mart."""

    def inputs(self, table: Table, of: Any, /) -> Inputs: ...
    def file(self, table: Table, of: Any, /) -> LakeFile | None: ...
    def state(self, table: Table, of: Any, /) -> State: ...
    def all(self, table: Table, of: Any, /) -> list[LakeFile]: ...


@dataclass(frozen=True)
class StudyFiles:
    """The files of `study`, stage by stage and part by part."""

    across: AcrossRoles
    drift: DriftFiles

    @classmethod
    def of(cls, study: Study, look: Look | None = None) -> StudyFiles:
        """Return every role, SAE and drift run of the study, looked at now or as of an earlier `look`."""
        look = look or Look()
        roles = look_at_roles(study, look)
        return cls(AcrossRoles(study, roles, look), DriftFiles(study, roles, look))

    @property
    def study(self) -> Study:
        """The study."""
        return self.across.study

    @property
    def roles(self) -> Mapping[str, RoleFiles]:
        """The files of every role, by its name."""
        return self.across.roles

    @cached_property
    def marts(self) -> MartFiles:
        """The files of the study's marts."""
        below = [held for _, held in self._below_marts]
        return MartFiles(self.study, self.roles, below, self.across.look or Look())

    def parts(self, stage: Stage) -> list[Part]:
        """Return what `stage` is made for: roles (under each SAE), SAEs, drift runs there are, or marts."""
        if not stage.wanted(self.study.settings):
            return []
        saes = list(self.study.settings.extraction.saes)
        if stage.per == "conversation":
            return [Part(run=run) for run in self.drift.runs()]
        if stage.per == "mart":
            return [Part(mart=name) for name in self.marts.marts]
        if stage.per == "study":
            return [Part(sae=sae) for sae in saes]
        of_saes = saes if stage.mark.per_sae else [None]
        return [Part(role, sae) for role in self.roles for sae in of_saes]

    def inputs(self, table: Table, part: Part) -> Inputs:
        """Return what decides the part's file of `table`. Raises StudyError as `DriftFiles.check` does."""
        files, of = self._of(part)
        return files.inputs(table, of)

    def file(self, table: Table, part: Part) -> LakeFile | None:
        """Return the part's fresh file of `table`. Raises StudyError as `inputs` does."""
        files, of = self._of(part)
        return files.file(table, of)

    def state(self, stage: Stage, part: Part) -> State:
        """Return whether the part is fresh, there but of other settings (stale), or missing."""
        files, of = self._of(part)
        return files.state(stage.mark, of)

    def all(self, table: Table, part: Part) -> list[LakeFile]:
        """Return the part's files of `table`, fresh or not."""
        files, of = self._of(part)
        return files.all(table, of)

    def held(self, stage: Stage, part: Part) -> list[Held]:
        """Return the part's fresh files, also where not all that the stage lands is there."""
        found = [(table, self.file(table, part)) for table in stage.landed]
        return [Held(table, file) for table, file in found if file is not None]

    def published(self) -> Iterator[tuple[Part, Held]]:
        """Yield what a snapshot stands on: the fresh files of the parts that are there whole.

        Of a part whose tables are not all there, what is there belongs to a landing that was cut short.
        """
        yield from self._below_marts
        yield from self._whole(stage("marts"))

    def fresh(self) -> list[Held]:
        """Return every fresh file, as far as it is there, and what drift keeps beside its tables."""
        of_roles = (stage for stage in STAGES if stage.per in ("role", "study"))
        found = [held for stage in of_roles for part in self.parts(stage) for held in self.held(stage, part)]
        of_marts = [held for _, held in self._whole(stage("marts"))]
        of_drift = [Held(table, file) for table, file in self.drift.held() if file is not None]
        return [*found, *of_drift, *of_marts]

    @cached_property
    def _below_marts(self) -> list[tuple[Part, Held]]:
        return [found for stage in STAGES if stage.per != "mart" for found in self._whole(stage)]

    def _whole(self, stage: Stage) -> Iterator[tuple[Part, Held]]:
        for part in self.parts(stage):
            try:
                found = self.held(stage, part)
            except StudyError as error:
                # Drift may have nothing to be measured against; a mart says itself that its SQL is not right.
                if stage.per not in ("conversation", "mart"):
                    _LOG.warning("%s: left out of the snapshot: %s", stage.name, error)
                continue
            if {held.table for held in found} >= set(stage.tables):
                yield from ((part, held) for held in found)

    def _of(self, part: Part) -> tuple[_Files, str | None]:
        """Return the files that a part is among, and which of theirs it is: an SAE's, a run's or a mart's."""
        if part.mart is not None:
            return self.marts, part.mart
        if part.role is not None:
            return self.roles[part.role], part.sae
        return (self.across, part.sae) if part.sae is not None else (self.drift, part.run)
