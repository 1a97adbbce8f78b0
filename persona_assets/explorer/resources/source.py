"""What resources are read from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from persona_assets.explorer.model_name import public_name
from persona_assets.explorer.problems import not_found
from persona_assets.explorer.snapshot import asking
from persona_assets.explorer.snapshot.asking import Json
from persona_assets.study.study import Study

Memory = dict[tuple[Any, ...], list[Json]]  # answers by their query and parameters


def question(name: str, parameters: Json) -> tuple[Any, ...]:
    """Return what a query is remembered by, with its parameters."""
    values = (tuple(value) if isinstance(value, list) else value for _, value in sorted(parameters.items()))
    return (name, *values)


@dataclass(frozen=True)
class Source:
    """A snapshot open for reading, and for whom: the live server, or a static site of at most `max_pages` of
    responses a role. `await_effects` returns when the roles' effects are there. Drift runs are of the
    snapshot, or of the folder `exported`. `memory` is what `known` was asked before, of the same snapshot;
    `ahead` what was asked for many features at once. `study` tells where the study's findings are.
    """

    connection: duckdb.DuckDBPyConnection
    snapshot: str
    published_at: datetime
    await_effects: Callable[[], None]
    memory: Memory
    study: Study
    live: bool = True
    max_pages: int | None = None
    exported: Path | None = None
    asked: list[duckdb.DuckDBPyConnection] = field(default_factory=list)  # that may be interrupted
    ahead: Memory = field(default_factory=dict)

    def rows(self, name: str, **parameters: Any) -> list[Json]:
        """Return the answer to `sql/explorer/<name>.sql` by rows."""
        found = self._asked_ahead(name, parameters)
        return asking.rows(self.connection, name, **parameters) if found is None else found

    def row(self, name: str, **parameters: Any) -> Json | None:
        """Return the only row of an answer; None where it has none."""
        return next(iter(self.rows(name, **parameters)), None)

    def columns(self, name: str, **parameters: Any) -> dict[str, list[Any]]:
        """Return the answer by columns."""
        return asking.columns(self.connection, name, **parameters)

    def records(self, name: str, **parameters: Any) -> list[Json]:
        """Return the answer by rows, as `rows` gives it: faster where there are hundreds."""
        found = self._asked_ahead(name, parameters)
        return asking.records(self.connection, name, **parameters) if found is None else found

    def known(self, name: str, **parameters: Any) -> list[Json]:
        """The answer by rows, remembered: for what every page asks, of as few as there are roles and SAEs."""
        key = question(name, parameters)
        found = self.memory.get(key) or self.records(name, **parameters)
        if found:  # there is no end of what is not known
            self.memory[key] = found
        return found

    def _asked_ahead(self, name: str, parameters: Json) -> list[Json] | None:
        return self.ahead.get(question(name, parameters)) if self.ahead else None

    def told(self, model: str | None) -> str | None:
        """Return what is said of a model's name: to readers of a site, of a path its last part alone."""
        return model if model is None or self.live else public_name(model)

    def sae(self, name: str) -> Json:
        """Return the SAE called `name`. Raises the problem 404 where the study has none."""
        for found in self.known("known_sae", sae=name):
            return found
        raise not_found(f"no SAE {name!r} in this study")

    def role(self, name: str) -> Json:
        """Return the role called `name`. Raises the problem 404 where the study has none."""
        for found in self.known("known_role", role=name):
            return found
        raise not_found(f"no role {name!r} in this study")
