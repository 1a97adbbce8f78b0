"""Which sparse-autoencoder features a language model uses when it plays a persona: a warehouse to ask in SQL.

import persona_assets

study = persona_assets.open_study("smollm2")
study.sql("from which_roles(7)").df()
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from persona_assets.notebook import open_study

__all__ = ["open_study"]


def __getattr__(name: str) -> Any:
    # On demand, so that importing the package brings in neither DuckDB nor pandas.
    if name == "open_study":
        from persona_assets.notebook import open_study

        return open_study
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
