"""A study that does not load, as Dagster shows it: one asset whose description says what is wrong."""

from __future__ import annotations

import os
import re
from hashlib import sha256

import dagster as dg

# Dagster sets it in `dg check defs` and `dagster definitions validate`.
_VALIDATING = "DAGSTER_IS_DEFS_VALIDATION_CLI"


class BrokenStudy(dg.Component):
    """A folder whose study does not load: it says why, while the other studies live."""

    def __init__(self, name: str, problem: str) -> None:
        self.name, self.problem = name, problem

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """Return the one asset that shows the problem."""
        return broken_definitions(self.name, self.problem)


def broken_definitions(name: str, problem: str) -> dg.Definitions:
    """Return what Dagster shows of a study that does not load."""

    shown = _shown(name)

    @dg.asset(key=dg.AssetKey([shown, "does_not_load"]), group_name=shown, description=problem)
    def does_not_load() -> None:
        raise dg.Failure(problem, allow_retries=False)

    return dg.Definitions(assets=[does_not_load])


def _shown(name: str) -> str:
    """Return the folder's name in what Dagster takes, and no other folder's."""
    shown = re.sub(r"[^A-Za-z0-9_]", "_", name)
    return shown if shown == name else f"{shown}_{sha256(name.encode()).hexdigest()[:6]}"


def validating() -> bool:
    """Return whether the definitions are loaded to be checked: then what is broken is an error."""
    return _VALIDATING in os.environ
