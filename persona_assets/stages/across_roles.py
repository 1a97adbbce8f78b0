"""Which file is the right one of those that speak of all of a study's roles together, table by table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from persona_assets.base.errors import StudyError
from persona_assets.lake.fingerprint import fingerprint
from persona_assets.lake.lake_file import LakeFile, fresh
from persona_assets.lake.look import Look, files_of
from persona_assets.lake.parquet import Content
from persona_assets.lake.schema import (
    FIRST_ACTIVATIONS,
    INTERVENTION_READOUTS,
    RESPONSE_VECTORS,
    STEERED_RESPONSES,
    VARIANT_VECTORS,
    Table,
)
from persona_assets.stages.compared_inputs import of_answers_anew, of_intervention
from persona_assets.stages.of_roles import RoleFiles, look_at_roles
from persona_assets.stages.stage import Inputs, State
from persona_assets.stages.table import stage_of
from persona_assets.study.contrasts import groups_of
from persona_assets.study.study import Study

_Compared: TypeAlias = dict[str, tuple[LakeFile, LakeFile]]


@dataclass(frozen=True)
class AcrossRoles:
    """The files of `study` that speak of all its roles together; `roles` are looked at as of one moment.

    With a `look` so are the files themselves.
    """

    study: Study
    roles: Mapping[str, RoleFiles]
    look: Look | None = None
    _compared: dict[str, _Compared] = field(default_factory=dict, init=False, repr=False, compare=False)

    @classmethod
    def of(cls, study: Study) -> AcrossRoles:
        """Return every role of the study, looked at now."""
        return cls(study, look_at_roles(study))

    @property
    def aligned(self) -> bool:
        """Whether all roles are asked the same questions."""
        return self.study.responses_owner.settings.questions.mode == "general"

    def compared(self, sae: str) -> _Compared:
        """Activations and pooled files of the roles that take part in comparisons, by role."""
        if sae not in self._compared:
            self._compared[sae] = self._to_compare(sae)
        return self._compared[sae]

    def _to_compare(self, sae: str) -> _Compared:
        files = {
            role: (files.activations(sae), files.pooled(sae))
            for role, files in self.roles.items()
            if role not in self.study.settings.analysis.exclude
        }
        return {role: (a, p) for role, (a, p) in files.items() if a is not None and p is not None}

    def compared_first(self, sae: str) -> _Compared:
        """As `compared`, with what is pooled over the first tokens; of imported activations there is none."""
        files = {
            role: (self.roles[role].file(FIRST_ACTIVATIONS, sae), pooled)
            for role, (activations, pooled) in self.compared(sae).items()
            if not activations.imported
        }
        return {role: (first, pooled) for role, (first, pooled) in files.items() if first is not None}

    def with_vectors(self, sae: str) -> dict[str, tuple[LakeFile, LakeFile, LakeFile]]:
        """As `compared`, with the vectors that the study keeps besides; roles that have none are left out."""
        table = RESPONSE_VECTORS if self.keeps_response_vectors else VARIANT_VECTORS
        files = {
            role: (*compared, self.roles[role].file(table, sae))
            for role, compared in self.compared(sae).items()
        }
        return {role: (a, p, vectors) for role, (a, p, vectors) in files.items() if vectors is not None}

    @property
    def keeps_response_vectors(self) -> bool:
        """Whether the study keeps the vectors of single responses."""
        return self.study.settings.extraction.vectors == "response"

    def vectors_of_all(self, sae: str) -> dict[str, LakeFile]:
        """Return the files of the responses' vectors of all roles compared; none where one lacks them."""
        if not self.keeps_response_vectors:
            return {}
        found = {role: vectors for role, (_, _, vectors) in self.with_vectors(sae).items()}
        return found if found.keys() == self.compared(sae).keys() else {}

    def contrasted(self, sae: str) -> _Compared:
        """Activations and pooled files of the roles that take part in the study's own contrasts, by role.

        Raises StudyError where one of these names what the study does not have.
        """
        wanted = {role for groups in groups_of(self.study).values() for role in groups.within}
        return {role: files for role, files in self.compared(sae).items() if role in wanted}

    def inputs(self, table: Table, sae: str) -> Inputs:
        """Return what decides the content of the table's file; None where it cannot be made yet."""
        return stage_of(table).inputs(table, self, sae, self.study.settings.atlas.strategy)

    def fingerprint(self, table: Table, sae: str) -> str | None:
        """Return the hash of `inputs`; "" of what is always imported: the last revision stands."""
        if stage_of(table).made_from is None:
            return ""
        inputs = self.inputs(table, sae)
        return None if inputs is None else fingerprint(inputs)

    def intervention(self, sae: str, name: str) -> str | None:
        """Return the hash of what decides one intervention's rows; None where it cannot be made yet."""
        inputs, version = of_intervention(self, sae, name), stage_of(INTERVENTION_READOUTS).version
        return None if inputs is None else fingerprint({"version": version, **inputs})

    def answers_anew(self, sae: str, name: str) -> str | None:
        """As `intervention`, of its steered responses."""
        inputs, version = of_answers_anew(self, sae, name), stage_of(STEERED_RESPONSES).version
        return None if inputs is None else fingerprint({"version": version, **inputs})

    def made_from(self, table: Table, sae: str, *, lacks: str, select: str) -> str:
        """As `fingerprint`; raises StudyError with what it `lacks`, made by the stages to `select`."""
        if (made_from := self.fingerprint(table, sae)) is None:
            name = self.study.name
            raise StudyError(
                f"{name}: {lacks} under SAE {sae}; run `persona run {name} --select {select}` first"
            )
        return made_from

    def made_from_two(self, table: Table, sae: str) -> str:
        """As `made_from`, of a table that compares the roles with one another."""
        lacks = "fewer than two roles have fresh activations"
        return self.made_from(table, sae, lacks=lacks, select="responses,activations")

    def file(self, table: Table, sae: str) -> LakeFile | None:
        """Return the table's fresh file."""
        made_from = self.fingerprint(table, sae)
        return None if made_from is None else fresh(self.all(table, sae), made_from)

    def files(self, tables: Iterable[Table], sae: str) -> dict[str, LakeFile] | None:
        """Return the tables' fresh files by name; None where not all are there."""
        found = {table.name: self.file(table, sae) for table in tables}
        return None if None in found.values() else {name: file for name, file in found.items() if file}

    def land(
        self, contents: Mapping[Table, Content], made_from: str, sae: str, inputs: Sequence[LakeFile] = ()
    ) -> dict[str, LakeFile]:
        """Write each table's file, made of `inputs`, two at a time; return the files by the tables' names."""

        def write(table: Table) -> LakeFile:
            return self.study.lake.write(table, contents[table], made_from, sae=sae, inputs=inputs)

        with ThreadPoolExecutor(2) as threads:
            files = threads.map(write, contents)
            return {table.name: file for table, file in zip(contents, files, strict=True)}

    def all(self, table: Table, sae: str) -> list[LakeFile]:
        """Return every file of the table, fresh or not."""
        return files_of(self.look, self.study.lake, table, sae=sae)

    def rows_asked(self, table: Table, sae: str) -> dict[str, dict[str, Any]]:
        """Return the rows of all files of a table, fresh or not, by the hash of what a model was asked.

        A file that is damaged is passed over.
        """
        found: dict[str, dict[str, Any]] = {}
        for file in self.all(table, sae):
            with suppress(StudyError):
                found |= {row["asked"]: row for row in self.study.lake.read(table, file).to_pylist()}
        return found

    def state(self, table: Table, sae: str) -> State:
        """Return whether all of the stage that lands `table` is fresh, some of it stale, or it is missing."""
        stage = stage_of(table)
        if self.files(stage.tables, sae):
            return "fresh"
        return "stale" if any(self.all(table, sae) for table in stage.tables) else "missing"
