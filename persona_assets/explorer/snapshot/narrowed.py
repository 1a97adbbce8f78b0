"""A source that holds what the lake has of some features in memory: of many, each file is read once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace

from persona_assets.base.queries import query
from persona_assets.explorer.resources.source import Source

# The macros that ask for a feature's tokens and answers, in the order in which one may use another.
_MACROS = (
    "feature_density",
    "feature_position",
    "feature_shape",
    "token_histogram",
    "silent_responses",
    "echoes",
    "evidence_over_range",
)


@contextmanager
def narrowed(source: Source, sae: str, feature_ids: Sequence[int], characters: int) -> Iterator[Source]:
    """Yield a source that answers as `source` does what is asked of these features of `sae`.

    No other feature is known to it, and of responses only so many `characters`.
    """
    [(lake,)] = source.connection.execute("select getvariable('lake')").fetchall()
    with closing(source.connection.cursor()) as connection, ExitStack() as stack:
        source.asked.append(connection)
        stack.callback(source.asked.remove, connection)
        connection.execute("use warehouse")
        asked = {"asked": sorted(feature_ids), "asked_sae": sae, "asked_characters": characters}
        for name, value in {"lake": lake, **asked}.items():
            connection.execute(f"set variable {name} = ?", [value])
        connection.execute(query("explorer/narrowed"))
        for name in _MACROS:  # anew, for a macro reads the tables of where it was made
            macro, _, _ = query(f"macros/{name}").partition("comment on macro")
            connection.execute(macro.replace("create macro", "create temp macro", 1))
        connection.execute(query("explorer/echoed"))
        yield replace(source, connection=connection)
