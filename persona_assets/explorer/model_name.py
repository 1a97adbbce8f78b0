"""What a site says of the model's name, which in a study may be a path on the machine that made it."""

from __future__ import annotations

import re

from persona_assets.base.duck import literal

# Of the hub a name has one slash at most.
_PATH = r"^([/~.\\]|[A-Za-z]:[/\\]|file:)|^([^/]*/){2}"
_LAST = r"([^/\\]+)[/\\]*$"


def public_name(model: str) -> str:
    """Return the model's name, of a path its last part alone."""
    last = re.search(_LAST, model)
    return last[1] if re.search(_PATH, model) and last else model


def public_name_sql(column: str) -> str:
    """Return the same as a SQL expression, of a quoted column."""
    last = f"regexp_extract({column}, {literal(_LAST)}, 1)"
    return f"case when regexp_matches({column}, {literal(_PATH)}) then {last} else {column} end"
