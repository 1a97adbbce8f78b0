"""What a stage of a study is: what it lands, per what, made from what."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Literal, NamedTuple

from persona_assets.lake.lake_file import LakeFile
from persona_assets.lake.schema import Table
from persona_assets.study.settings import StudySettings

State = Literal["fresh", "stale", "missing"]

# Everything that decides a file's content, as JSON; None where something that it is made from is not there.
Inputs = dict[str, Any] | None

# Of `RoleFiles` and an SAE, `AcrossRoles` and an SAE, `DriftFiles` and a run, or `MartFiles` and a mart.
MadeFrom = Callable[[Any, Any], Inputs]


class Part(NamedTuple):
    """What one fresh set of files is of: a role, an SAE, a role under an SAE, a drift run or a mart."""

    role: str | None = None
    sae: str | None = None
    run: str | None = None
    mart: str | None = None


class Held(NamedTuple):
    """A file of a table."""

    table: Table
    file: LakeFile


@dataclass(frozen=True, eq=False)
class Extra:
    """A table that a stage lands besides, with inputs of its own; imported files come without it.

    A part that lacks it is stale where it is `needed`. Where it is not, for a later version added it, the
    part stays fresh, snapshots hold NULL in its columns, and selecting the stage by name makes it. Where
    it is not `always` made, the part may have nothing for it to hold; it is made from the part's own file.
    A study whose file lacks its `setting` has none.
    """

    table: Table
    made_from: MadeFrom
    needed: bool = True
    always: bool = True
    setting: str | None = None

    def wanted(self, settings: StudySettings) -> bool:
        """Return whether the study asks for it."""
        return has(settings, self.setting)


@dataclass(frozen=True, eq=False)
class Stage:
    """A step from prompts to what a snapshot shows; one Dagster asset.

    `tables` are made from the same and land in this order: where the last is, the others are. `besides` are
    tables that no snapshot holds. `version` is raised by hand whenever the code gives other results for the
    same input; it may differ by the study's `atlas.strategy`. Without `made_from` files are always imported.
    A study whose file lacks the stage's `setting` has no part of it.
    A stage that `follows` is made by itself as soon as what it needs is new; none that uses a model is.
    """

    name: str
    about: str
    per: Literal["role", "study", "conversation", "mart"]
    tables: tuple[Table, ...]
    needs: tuple[str, ...] = ()
    made_from: MadeFrom | None = None
    version: int | Mapping[str, int] = 1
    extras: tuple[Extra, ...] = ()
    besides: tuple[Table, ...] = ()
    shown: Table | None = None
    uses_model: bool = False
    follows: bool = False
    made_with: str | None = None
    setting: str | None = None

    def wanted(self, settings: StudySettings) -> bool:
        """Return whether the study asks for it."""
        return has(settings, self.setting)

    @property
    def mark(self) -> Table:
        """The table that lands last."""
        return self.tables[-1]

    @property
    def main(self) -> Table:
        """The table that stands for the stage where one is shown."""
        return self.shown or self.mark

    @property
    def landed(self) -> tuple[Table, ...]:
        """Every table that a snapshot may hold, in the order in which they land."""
        before = (extra.table for extra in self.extras if extra.always)
        after = (extra.table for extra in self.extras if not extra.always)
        return (*self.tables[:-1], *before, self.mark, *after)

    def inputs(self, table: Table, files: Any, of: str | None, strategy: str) -> Inputs:
        """Return what decides the content of a file of `table`; None where it cannot be made yet."""
        for extra in self.extras:
            if extra.table is table:
                return extra.made_from(files, of)
        made_from = self.made_from(files, of) if self.made_from is not None else None
        if made_from is None:
            return None
        version = self.version if isinstance(self.version, int) else self.version[strategy]
        return {"version": version, **made_from}


def has(settings: StudySettings, name: str | None) -> bool:
    """Return whether the study's file has the setting of this dotted name; True where there is no name.

    Of blocks by names of the study's own, as `interventions.<name>.answers`, whether one has it; of a name
    and a value, as `extraction.vectors: response`, whether it has this value.
    """
    if name is None:
        return True
    name, _, wanted = name.partition(": ")
    if wanted:
        return bool(attrgetter(name)(settings) == wanted)
    name, _, below = name.partition(".<name>.")
    value = attrgetter(name)(settings)
    if below:
        return any(attrgetter(below)(block) for block in value.values())
    return value is not None and value is not False and value != {}
