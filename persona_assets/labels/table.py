"""The table `feature_labels`: every candidate description of every feature, the preferred one first."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Any

import pyarrow as pa

from persona_assets.base.errors import StudyError
from persona_assets.base.given import shown
from persona_assets.lake.schema import FEATURE_LABELS

_MAX_FEATURE = 2**31 - 1


@dataclass(frozen=True)
class Label:
    """One description of a feature, cleaned; `model` wrote it, as far as that is known."""

    feature_id: int
    description: str
    source: str
    model: str | None = None
    url: str | None = None


def labels_table(labels: Iterable[Label]) -> pa.Table:
    """The rows of `FEATURE_LABELS`, by feature and rank. A feature's labels are ranked in the order they
    come in; a description that the same model (or nobody known) has given already is left out.
    """
    ranked = sorted(_distinct(labels), key=lambda label: label.feature_id)  # stable: keeps the order within
    ranks: list[int] = []
    for position, label in enumerate(ranked):
        again = position > 0 and ranked[position - 1].feature_id == label.feature_id
        ranks.append(ranks[-1] + 1 if again else 0)
    told = {field.name: [getattr(label, field.name) for label in ranked] for field in fields(Label)}
    return FEATURE_LABELS.of(told | {"rank": ranks})


def feature_number(value: Any, where: str) -> int:
    """`value`, a number or its digits, as a feature's id. Raises StudyError, beginning with `where`."""
    digits = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    # isdecimal alone would take the digits of every script
    if not (digits.isascii() and digits.isdecimal() and len(digits) <= 10 and int(digits) <= _MAX_FEATURE):
        raise StudyError(f"{where}: {shown(value)} is no feature's id; it must be a whole number from 0")
    return int(digits)


def _distinct(labels: Iterable[Label]) -> Iterable[Label]:
    seen: dict[tuple[int, str, str | None], Label] = {}
    for label in labels:
        seen.setdefault((label.feature_id, label.description, label.model), label)
    return seen.values()
