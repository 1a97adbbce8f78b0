"""What a site says of models and SAEs, whose names may be paths on the machine that made it."""

from __future__ import annotations

import re

from persona_assets.base.duck import literal

_ROOTED = r"^([/~.\\]|[A-Za-z]:[/\\]|file:)"
# Of the hub a model's name has one slash at most; an SAE's release and id may have several.
_PATH = rf"{_ROOTED}|^([^/]*/){{2}}"
_LAST = r"([^/\\]+)[/\\]*$"


def public_name(model: str) -> str:
    """Return the model's name, of a path its last part alone."""
    return _last_of(_PATH, model)


def public_sae(place: str) -> str:
    """Return where an SAE is from: release and id, or a folder of the project; of another its last part."""
    return _last_of(_ROOTED, place)


def _last_of(paths: str, name: str) -> str:
    last = re.search(_LAST, name)
    return last[1] if re.search(paths, name) and last else name


def public_name_sql(column: str) -> str:
    """Return the same as a SQL expression, of a quoted column."""
    last = f"regexp_extract({column}, {literal(_LAST)}, 1)"
    return f"case when regexp_matches({column}, {literal(_PATH)}) then {last} else {column} end"
