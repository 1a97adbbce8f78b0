"""How runs stand beside plain conversations, as the explorer shows it: `DriftPlain` and `DriftPlainTurn`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

Json = dict[str, Any]


class BesidePlain:
    """What `drift_against_plain(names)` says of every run: its `rows`."""

    def __init__(self, names: str, rows: Iterable[Json]) -> None:
        self._names = names
        self._turns: dict[str, dict[int, Json]] = {}
        for row in rows:
            self._turns.setdefault(row["run"], {})[row["turn"]] = row

    def run(self, run: str) -> Json | None:
        """Return the `DriftPlain` of a run; None of one without a projection."""
        for row in self._turns.get(run, {}).values():
            return {
                "names": self._names,
                "is_plain": row["is_plain"],
                "n": row["n_plain"],
                "p": row["run_p"],
            }
        return None

    def turn(self, run: str, turn: int) -> Json | None:
        """Return the `DriftPlainTurn` of a turn; None where no plain conversation is as long."""
        row = self._turns.get(run, {}).get(turn)
        if row is None or row["p"] is None:
            return None
        return {"low": row["plain_low"], "high": row["plain_high"], "p": row["p"]}


NOTHING_PLAIN = BesidePlain("", ())
