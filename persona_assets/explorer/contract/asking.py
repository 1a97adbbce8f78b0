"""What searches and SQL answer."""

from __future__ import annotations

from typing import Any, Literal

from typing_extensions import TypeAliasType

from persona_assets.explorer.contract.shapes import Answer


class SqlExample(Answer):
    """A question of `sql/examples`."""

    name: str
    title: str
    sql: str


class SchemaColumn(Answer):
    """A column, or a macro's parameter."""

    name: str
    type: str | None
    comment: str | None


class SchemaEntry(Answer):
    """A table, view or macro that can be asked."""

    name: str
    kind: Literal["table", "view", "macro"]
    comment: str | None
    columns: list[SchemaColumn]


class SnapshotState(Answer):
    """`api/snapshot`: asked every few seconds; a live page moves on when it changes."""

    snapshot: str
    published_at: str


class FoundFeature(Answer):
    """A feature that a search finds."""

    feature_id: int
    label: str | None
    preferred_role: str | None


class SearchResult(Answer):
    """`api/search?q=…&sae=…`: at most 20 of each kind."""

    features: list[FoundFeature]
    roles: list[str]


class Hit(Answer):
    """A response that holds the words."""

    kind: Literal["hit"]
    role: str
    response_id: int
    question: str
    snippet: str
    at: int
    length: int


class SearchProgress(Answer):
    """How many of the roles are searched."""

    kind: Literal["progress"]
    done: int
    of: int


class SearchEnd(Answer):
    """The last line of a search."""

    kind: Literal["end"]
    truncated: bool


class SearchError(Answer):
    """The last line of a search that failed."""

    kind: Literal["error"]
    error: str


class ResultColumn(Answer):
    """A column of a result."""

    name: str
    type: str


class SqlResult(Answer):
    """`POST api/sql` with `{sql}`; `POST api/sql/export?format=csv|parquet` answers up to 1,000,000 rows."""

    columns: list[ResultColumn]
    rows: list[list[Any]]
    """At most 1,000; 64-bit numbers beyond 2^53 and decimals are strings."""
    truncated: bool
    seconds: float
    note: str | None
    """Of an answer without rows: which of the tables that were asked have none, and why."""


class SiteSql(Answer):
    """`data/sql.json` of a static site: its database, which the page asks by itself."""

    file: str
    """Beside this one; its name changes with its content."""
    bytes: int
    lacking: list[str]
    """Tables, views and macros of the snapshot that are not in it."""
    macros: dict[str, str]
    """How each macro that is in it is called, by its name."""


ResponseHit = TypeAliasType("ResponseHit", Hit | SearchProgress | SearchEnd | SearchError)
