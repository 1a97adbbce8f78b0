"""Responses as pages show them: those of a role, and those in which a feature is strongest."""

from __future__ import annotations

from typing import Literal

from persona_assets.explorer.contract.shapes import Answer


class ResponsePart(Answer):
    """A part of a response of a model that thinks."""

    kind: Literal["thinking", "answer", "other"]
    """Other: a channel for neither."""
    text: str
    n_tokens: int


class Example(Answer):
    """A response in which a feature fires, with the tokens around its peak."""

    response_id: int
    variant: int
    question_id: int
    system_prompt: str | None
    question: str
    response: str
    parts: list[ResponsePart]
    """In their order; empty where the response is one answer."""
    mean: float
    max: float
    n_active: int | None
    start: int | None
    """The window's first token among the selected tokens."""
    pieces: list[str] | None
    """"" where another token has the character they share; null: no evidence is kept."""
    activations: list[float] | None
    """On each of `pieces`."""


class ExamplesOfRole(Answer):
    """The responses of a role in which a feature is strongest; live only, for it reads the role's files."""

    role: str
    responses: list[Example]
    """By max, the highest first."""


class ResponseRow(Answer):
    """A response."""

    response_id: int
    variant: int
    question_id: int
    question: str
    response: str
    parts: list[ResponsePart]
    """In their order; empty where the response is one answer."""
    n_response_tokens: int
    finish_reason: str | None


class ResponsesPage(Answer):
    """50 responses of a role, by response_id; pages count from 1."""

    page: int
    n_pages: int
    responses: list[ResponseRow]
