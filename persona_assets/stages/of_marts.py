"""Which file is the right one of each mart: the one that its SQL of today made of what it reads."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from persona_assets.base.errors import StudyError
from persona_assets.base.queries import query
from persona_assets.lake.fingerprint import Fingerprint, fingerprint
from persona_assets.lake.lake_file import LakeFile, fresh
from persona_assets.lake.look import Look
from persona_assets.lake.schema import DERIVED, MACROS, MARTS, STANDS_ON, TABLES, Table
from persona_assets.stages.marts import Mart, find_marts
from persona_assets.stages.of_roles import RoleFiles
from persona_assets.stages.stage import Held, Inputs, State
from persona_assets.stages.table import PER_ROLE, stage_of
from persona_assets.study.study import Study

_MACRO = re.compile(rf"\b({'|'.join(MACROS)})\s*\(", re.IGNORECASE)


@dataclass(frozen=True)
class MartFiles:
    """The files of a study's marts; `below` is what a snapshot stands on besides, as of one moment."""

    study: Study
    roles: Mapping[str, RoleFiles]
    below: Sequence[Held]
    look: Look

    @cached_property
    def marts(self) -> dict[str, Mart]:
        """The study's marts by name."""
        return find_marts(self.study)

    def read(self, name: str) -> dict[str, list[LakeFile]]:
        """Return the files of the lake that decide a mart, by table. Raises StudyError as `Mart.bound`."""
        tables = {table for one in self.marts[name].bound.tables for table in STANDS_ON[one]}
        return {
            table: [held.file for held in self.below if held.table.name == table] for table in sorted(tables)
        }

    def inputs(self, table: Table, name: str, /) -> Inputs:
        """Return what decides the content of a mart's file. Raises StudyError as `Mart.bound`."""
        return stage_of(table).inputs(table, self, name, self.study.settings.atlas.strategy)

    def made_from(self, name: str) -> dict[str, Any]:
        """Return the SQL, the files that it reads, and what it can know of the study besides."""
        mart = self.marts[name]
        files = self.read(name)
        of_lake = {*TABLES, *(table.name for table in DERIVED)}
        uses_macros = _MACRO.search(mart.sql) is not None
        return {
            "sql": mart.sql,
            "files": {
                table: [file.path.split("/", 1)[1] for file in found] for table, found in files.items()
            },
            **({} if of_lake.issuperset(mart.bound.tables) else {"study": self._of_study}),
            **({"macros": self._of_macros} if uses_macros else {}),
        }

    def fingerprint(self, name: str) -> Fingerprint:
        """Return the hash of `inputs`."""
        return fingerprint(self.inputs(MARTS, name) or {})

    def file(self, table: Table, name: str, /) -> LakeFile | None:
        """Return the mart's fresh file. Raises StudyError as `Mart.bound`."""
        return fresh(self.all(table, name), self.fingerprint(name))

    def all(self, table: Table, name: str, /) -> list[LakeFile]:
        """Return the mart's files, fresh or not."""
        files = self.look.all(self.study.lake, table)
        return [file for file in files if file.partition.get("mart") == name]

    def state(self, table: Table, name: str, /) -> State:
        """Return whether the mart is fresh, there but made by other SQL or of other files, or missing."""
        with suppress(StudyError):
            if self.file(table, name) is not None:
                return "fresh"
        return "stale" if self.all(table, name) else "missing"

    @cached_property
    def _of_study(self) -> str:
        """What decides the tables that tell of the study: its settings, its roles and how far they are."""
        owner = self.study.responses_owner
        roles = {
            name: [
                files.responses_fingerprint,
                owner.role(name).eval_prompt,
                [files.state(stage.mark, sae) for stage in PER_ROLE for sae in files.saes_of(stage)],
            ]
            for name, files in self.roles.items()
        }
        settings = [self.study.settings.published(), owner.settings.published()]
        return fingerprint({"settings": settings, "roles": roles})

    @cached_property
    def _of_macros(self) -> str:
        texts = {name: query(f"macros/{name}") for name in MACROS}
        return fingerprint({"texts": texts, "default_sae": self.study.default_sae})
