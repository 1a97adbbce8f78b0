"""What the explorer answers: both sides' types, and from them the front end's.

Numbers that are not known are null; they are rounded to 6 significant digits (ids and counts never are). All
text from models, labels and files is untrusted.

Answers are made as plain dictionaries, and nothing checks them while they are given: tests hold them to this.
"""

from __future__ import annotations

from typing import Any

from typing_extensions import TypeAliasType, is_typeddict

from persona_assets.explorer.contract import (
    asking,
    claims,
    contrasts,
    drift,
    drift_changes,
    drift_runs,
    drift_turns,
    findings,
    pages,
    peaks,
    responses,
    roles,
    steered,
    tried,
)
from persona_assets.explorer.contract.shapes import Answer

# The front end's types come in this order.
_MODULES = (
    pages, roles, claims, peaks, responses, asking, drift_runs, drift_turns, drift_changes, drift, contrasts,
    findings, steered, tried,
)  # fmt: skip

ANSWERS: dict[str, Any] = {
    name: type_
    for module in _MODULES
    for name, type_ in vars(module).items()
    if (is_typeddict(type_) and type_ is not Answer) or isinstance(type_, TypeAliasType)
}
