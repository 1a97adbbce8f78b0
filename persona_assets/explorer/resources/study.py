"""The study as a whole, and what there is to ask of it."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.metadata import version

from persona_assets.base.queries import examples as example_queries
from persona_assets.base.queries import title
from persona_assets.explorer.problems import ProblemError
from persona_assets.explorer.resources.drift import runs
from persona_assets.explorer.resources.source import Source
from persona_assets.explorer.snapshot.asking import Json


def study(source: Source) -> Json:
    """`study.json`."""
    found = source.row("study")
    if found is None:
        raise ProblemError(503, "this snapshot names no study; publish it again")
    model = source.told(found.pop("model"))
    return found | {
        "snapshot": source.snapshot,
        "published_at": source.published_at.isoformat(),
        "live": source.live,
        "version": version("persona-assets"),
        "saes": [sae | {"model": model} for sae in source.rows("saes")],
        "roles": source.rows("roles"),
        "has_drift": bool(runs(source)),
    }


def examples(source: Source) -> list[Json]:
    """`examples.json`: the questions of `sql/examples/`."""
    return examples_of(example_queries())


def examples_of(names: Iterable[str]) -> list[Json]:
    """Return the questions of these names, each with its first comment as title."""
    texts = example_queries()
    return [{"name": name, "title": title(texts[name]), "sql": texts[name]} for name in names]


def schema(source: Source) -> list[Json]:
    """`schema.json`: tables, views and macros."""
    return source.rows("schema")
