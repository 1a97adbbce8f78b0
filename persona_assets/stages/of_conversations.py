"""Which files of a drift run are the right ones under the study's settings of today.

A run is named by its conversation's hash, so its fingerprint can be told from the lake alone: whoever
publishes needs no conversation. `CODES_VERSION` is raised by hand when encoding gives other results.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from persona_assets.base.errors import StudyError
from persona_assets.lake.fingerprint import fingerprint
from persona_assets.lake.lake_file import LakeFile, fresh
from persona_assets.lake.look import Look, files_of
from persona_assets.lake.schema import (
    ACTIVATIONS,
    DRIFT_CODES,
    DRIFT_RUNS,
    DRIFT_TABLES,
    PLAYED_FEATURES,
    ROLE_VECTORS,
    Table,
)
from persona_assets.stages.across_roles import AcrossRoles
from persona_assets.stages.inputs import extraction_inputs
from persona_assets.stages.least import makes
from persona_assets.stages.of_roles import RoleFiles, look_at_roles
from persona_assets.stages.stage import Inputs, State
from persona_assets.stages.table import stage_of
from persona_assets.study.study import Study

CODES_VERSION = 1

_RUN = re.compile(r"[0-9a-f]{10}")


@dataclass(frozen=True)
class DriftFiles:
    """The drift files of `study`; `roles` are looked at as of one moment, and with a `look` so are these."""

    study: Study
    roles: Mapping[str, RoleFiles]
    look: Look | None = None

    @classmethod
    def of(cls, study: Study) -> DriftFiles:
        """Return the study as it lies now."""
        return cls(study, look_at_roles(study))

    @property
    def sae(self) -> str:
        """The SAE that drift is measured with. Raises StudyError where the study has no such one."""
        wanted, saes = self.study.settings.drift.sae, self.study.settings.extraction.saes
        if wanted is not None and wanted not in saes:
            raise StudyError(f"{self.study.file}: drift.sae: no SAE {wanted!r}; there are: {', '.join(saes)}")
        return wanted or self.study.default_sae

    @property
    def anchor(self) -> str:
        """The assistant's role. Raises StudyError where it takes no part in comparisons."""
        anchor, analysis = self.study.settings.analysis.anchor, self.study.settings.analysis
        if anchor not in self.roles:
            raise StudyError(
                f"{self.study.file}: analysis.anchor: the study has no role {anchor!r}, so there is no "
                f"assistant axis to measure drift on; name one of: {', '.join(self.roles)}"
            )
        if anchor in analysis.exclude:
            raise StudyError(
                f"{self.study.file}: analysis.exclude: leaves out the anchor {anchor!r}; drift needs it"
            )
        return anchor

    @cached_property
    def role_features(self) -> dict[str, LakeFile]:
        """The fresh features of the roles that take part in comparisons, by role."""
        excluded = self.study.settings.analysis.exclude
        found = {
            role: files.role_features(self.sae) for role, files in self.roles.items() if role not in excluded
        }
        return {role: file for role, file in found.items() if file is not None}

    @property
    def in_residual(self) -> bool:
        """Whether drift is measured in the residual stream, without the SAE."""
        return self.study.settings.drift.space == "residual"

    @cached_property
    def role_vectors(self) -> LakeFile | None:
        """The fresh vectors of the roles in the residual stream."""
        return AcrossRoles(self.study, self.roles, self.look).file(ROLE_VECTORS, self.sae)

    @cached_property
    def played_features(self) -> LakeFile | None:
        """The fresh features over answers that play their role; None where the study asks for none.

        In the residual stream there are no features.
        """
        if self.in_residual:
            return None
        return AcrossRoles(self.study, self.roles, self.look).file(PLAYED_FEATURES, self.sae)

    def check(self) -> None:
        """Raise StudyError, saying what to run, where there is nothing yet to measure drift against."""
        name, sae = self.study.name, self.sae
        compared = [one for one in self.roles if one not in self.study.settings.analysis.exclude]
        if compared == [self.anchor]:
            raise StudyError(
                f"{self.study.file}: drift is measured against {self.anchor} and other roles, and none takes "
                "part; name more in roles.include, or fewer in analysis.exclude"
            )
        lacking = f"role {self.anchor}" if self.anchor not in self.role_features else "every other role"
        if self.anchor not in self.role_features or len(self.role_features) < 2:
            raise StudyError(
                f"{name}: {lacking} has no fresh features under SAE {sae} to measure drift against; "
                f"run {self._makes(compared)} first"
            )
        if self.in_residual and self.role_vectors is None:
            remedy = f"run {self._makes(compared, 'vectors')} first"
            if self.study.settings.extraction.vectors is None:  # without them activations are fresh
                remedy = (
                    "set extraction.vectors (response or role_variant), and "
                    f"`persona run {name} --select activations,role_features,vectors`"
                )
            raise StudyError(
                f"{name}: drift.space residual is measured against the roles' vectors, and none are fresh "
                f"under SAE {sae}; {remedy}"
            )

    def _makes(self, roles: Iterable[str], *besides: str) -> str:
        """Return the command that makes the features of `roles`, and stages of the study `besides`."""
        files, of_roles = [self.roles[role] for role in roles], ("responses", "activations", "role_features")
        return makes(self.study, files, self.sae, [*of_roles, *besides])

    def codes_fingerprint(self, run: str) -> str:
        """Return what decides a conversation's codes."""
        return fingerprint({**self._encoding, "run": run})

    @cached_property
    def anchor_codes_fingerprint(self) -> str | None:
        """What decides the codes of the anchor's responses; None where it has none."""
        responses = self.roles[self.anchor].responses
        return None if responses is None else fingerprint({**self._encoding, "responses": responses.stem})

    def codes(self, run: str) -> LakeFile | None:
        """Return a conversation's codes, if they are there."""
        return fresh(self._files(DRIFT_CODES, sae=self.sae, run=run), self.codes_fingerprint(run))

    @property
    def anchor_codes(self) -> LakeFile | None:
        """The codes of the anchor's responses, if they are there."""
        made_from = self.anchor_codes_fingerprint
        if made_from is None:
            return None
        return fresh(self._files(DRIFT_CODES, sae=self.sae, role=self.anchor), made_from)

    def inputs(self, table: Table, run: str) -> Inputs:
        """Return what decides the content of a run's `table`. Raises StudyError as `check` does."""
        return stage_of(table).inputs(table, self, run, self.study.settings.atlas.strategy)

    def fingerprint(self, run: str) -> str:
        """Return the hash of `inputs`."""
        return fingerprint(self.inputs(DRIFT_RUNS, run) or {})

    def files(self, run: str) -> dict[str, LakeFile] | None:
        """Return a run's fresh files by table; None where not all are there."""
        found = {table.name: self.file(table, run) for table in DRIFT_TABLES}
        return None if None in found.values() else {name: file for name, file in found.items() if file}

    def fresh_runs(self) -> list[dict[str, LakeFile]]:
        """Return the files of every fresh run; none where there is nothing to measure drift against."""
        runs = self.runs()
        try:
            return [files for run in runs if (files := self.files(run)) is not None]
        except StudyError:
            return []

    def runs(self) -> list[str]:
        """Return the runs that the lake has files of, fresh or not, sorted."""
        found = {file.partition.get("run", "") for file in self.all(DRIFT_RUNS)}
        return sorted(run for run in found if _RUN.fullmatch(run))

    def held(self) -> Iterator[tuple[Table, LakeFile | None]]:
        """Yield every fresh file: only codes, without the roles that drift is measured against."""
        runs = {file.partition["run"] for file in self.all(DRIFT_CODES) if "run" in file.partition}
        runs |= set(self.runs())
        if not runs:
            return
        yield DRIFT_CODES, self.anchor_codes
        for run in sorted(runs):
            yield DRIFT_CODES, self.codes(run)
            with suppress(StudyError):
                yield from [(table, self.file(table, run)) for table in DRIFT_TABLES]

    def file(self, table: Table, run: str) -> LakeFile | None:
        """Return a run's fresh file of `table`. Raises StudyError as `check` does."""
        return fresh(self._files(table, run=run), self.fingerprint(run))

    def state(self, table: Table, run: str) -> State:
        """Return whether the run is fresh; it is stale too where there is nothing to measure it against."""
        with suppress(StudyError):
            return "fresh" if self.files(run) else "stale"
        return "stale"

    def all(self, table: Table, run: str | None = None) -> list[LakeFile]:
        """Return every file of `table`, or of one of its runs, fresh or not."""
        lake = self.study.lake
        files = lake.files(table) if self.look is None else self.look.all(lake, table)
        return [file for file in files if run in (None, file.partition.get("run"))]

    def _files(self, table: Table, **part: str) -> list[LakeFile]:
        return files_of(self.look, self.study.lake, table, **part)

    @cached_property
    def _encoding(self) -> dict[str, Any]:
        inputs = {"version": stage_of(ACTIVATIONS).version, **extraction_inputs(self.study, self.sae)}
        del inputs["token_selection"]  # an answer's own tokens, whatever responses are pooled over
        template = self.study.template
        dated = {"template_date": str(template.date)} if template.date else {}
        of_space = {"space": "residual"} if self.in_residual else {}
        return {"version": CODES_VERSION, "extraction": inputs, **dated, **template.decisive(), **of_space}

    @cached_property
    def measuring(self) -> dict[str, Any]:
        """What decides the tables of every run alike."""
        played = {} if self.played_features is None else {"played": self.played_features.stem}
        of_roles: dict[str, Any] = {"roles": {role: file.stem for role, file in self.role_features.items()}}
        if self.in_residual:
            of_roles = {"vectors": self.role_vectors.stem if self.role_vectors else None}
        return {
            **played,
            "anchor": self.anchor,
            "anchor_codes": self.anchor_codes_fingerprint,
            **of_roles,
            "sae": self.sae,
            "settings": self.study.settings.drift.decisive(),
        }
