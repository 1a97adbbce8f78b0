"""Which file is the right one of those that speak of all of a study's roles together, table by table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from persona_assets.lake.fingerprint import fingerprint
from persona_assets.lake.lake import LakeFile
from persona_assets.lake.schema import ATLAS_TABLES, FEATURE_LABELS, ROLE_MATRIX, STATISTICS_TABLES, Table
from persona_assets.stages.of_roles import RoleFiles, look_at_roles
from persona_assets.study.study import Study

# By strategy: what one of them changes leaves the other's files fresh.
STATISTICS_VERSION = {"mean": 1, "max": 2}
ATLAS_VERSION = 2

# What decides which features are selected; the rest of the study's `atlas` is how they are mapped.
_SELECTING = {"strategy", "question_centering", "split_seed"}


@dataclass(frozen=True)
class AcrossRoles:
    """The files of `study` that speak of all its roles together; `roles` are looked at as of one moment."""

    study: Study
    roles: Mapping[str, RoleFiles]

    @classmethod
    def of(cls, study: Study) -> AcrossRoles:
        """Every role of the study, looked at now."""
        return cls(study, look_at_roles(study))

    @property
    def aligned(self) -> bool:
        """Whether all roles are asked the same questions."""
        return self.study.responses_owner.settings.questions.mode == "general"

    def compared(self, sae: str) -> dict[str, tuple[LakeFile, LakeFile]]:
        """Activations and pooled files of the roles that take part in comparisons, by role."""
        if sae not in self._compared:
            self._compared[sae] = self._to_compare(sae)
        return self._compared[sae]

    def _to_compare(self, sae: str) -> dict[str, tuple[LakeFile, LakeFile]]:
        files = {
            role: (files.activations(sae), files.pooled(sae))
            for role, files in self.roles.items()
            if role not in self.study.settings.analysis.exclude
        }
        return {role: (a, p) for role, (a, p) in files.items() if a is not None and p is not None}

    def statistics_fingerprint(self, sae: str) -> str | None:
        """What decides the statistics across roles; None where fewer than two roles can be compared."""
        compared = self.compared(sae)
        if len(compared) < 2:
            return None
        return fingerprint(
            {
                "version": STATISTICS_VERSION[self.study.settings.atlas.strategy],
                "roles": {role: [file.stem for file in files] for role, files in compared.items()},
                "questions": self.study.responses_owner.settings.questions.mode,
                "selection": self.study.settings.atlas.model_dump(include=_SELECTING),
            }
        )

    def atlas_fingerprint(self, sae: str) -> str | None:
        """What decides the atlas; None where there are no fresh statistics to map."""
        role_matrix = self.file(ROLE_MATRIX, sae)
        if role_matrix is None:
            return None
        return fingerprint(
            {
                "version": ATLAS_VERSION,
                "role_matrix": role_matrix.stem,
                "map": self.study.settings.atlas.model_dump(exclude=_SELECTING),
                "anchor": self.study.settings.analysis.anchor,
            }
        )

    def file(self, table: Table, sae: str) -> LakeFile | None:
        """The table's fresh file."""
        made_from = self._made_from(table, sae)
        return None if made_from is None else self.study.lake.current(table, made_from, sae=sae)

    def files(self, tables: tuple[Table, ...], sae: str) -> dict[str, LakeFile] | None:
        """The tables' fresh files by name; None where not all are there."""
        found = {table.name: self.file(table, sae) for table in tables}
        return None if None in found.values() else {name: file for name, file in found.items() if file}

    @cached_property
    def _compared(self) -> dict[str, dict[str, tuple[LakeFile, LakeFile]]]:
        return {}

    def _made_from(self, table: Table, sae: str) -> str | None:
        if table in STATISTICS_TABLES:
            return self.statistics_fingerprint(sae)
        if table in ATLAS_TABLES:
            return self.atlas_fingerprint(sae)
        assert table is FEATURE_LABELS
        return ""  # always imported: the last revision stands
