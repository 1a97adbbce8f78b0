"""What the page of the study's saved findings is made of; all text and every value of a file is untrusted."""

from __future__ import annotations

from typing import Any

from persona_assets.explorer.contract.shapes import Answer


class FindingEntry(Answer):
    """A finding in the list of them."""

    name: str
    question: str
    n_rows: int
    saved_at: str
    """ISO 8601, UTC; so are all times here."""
    snapshot: str
    """A hash of the files that the snapshot stands on."""


class UnreadableFinding(Answer):
    """A file that is no finding."""

    name: str
    error: str
    """One line."""


class SavedFindings(Answer):
    """The study's findings by name."""

    findings: list[FindingEntry]
    unreadable: list[UnreadableFinding]


class FindingEvidence(Answer):
    """A response in which a feature of the answer was strongest."""

    sae: str
    feature_id: int
    role: str
    response_id: int
    max: float
    question: str | None
    text: str | None
    """The tokens around its peak."""


class SavedFinding(Answer):
    """A question, its SQL, and the answer as it was saved."""

    name: str
    question: str
    sql: str
    model: str
    saes: dict[str, str]
    """Where each is from."""
    saved_at: str
    made_by: str
    snapshot: str
    published_at: str
    """When the snapshot was published."""
    columns: list[str]
    rows: list[list[Any]]
    evidence: list[FindingEvidence]
    citation: str
    """One line."""


class MovedCell(Answer):
    """A value that is another today, by the saved row and column."""

    row: int
    column: int
    outside: bool
    """Of the interval that was saved beside it."""


class FindingCheck(Answer):
    """A finding asked again."""

    checked_at: str
    error: str | None
    """Why it cannot be asked, in one line."""
    snapshot: str | None
    """That answered; null: none did. So is `published_at`."""
    published_at: str | None
    same_snapshot: bool
    told: list[str]
    """What moved, in words; empty: it holds."""
    today: list[list[Any] | None]
    """Each saved row's own of today; null: it is gone. Empty where the columns are others."""
    moved: list[MovedCell]
    new: list[list[Any]]
    """Rows that were not saved."""
