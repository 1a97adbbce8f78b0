"""What goes wrong for whoever asks the explorer: a status and one line."""

from __future__ import annotations


class ProblemError(Exception):
    """An answer other than 200; `line` and `column`, from 1, say where in a query the error is."""

    def __init__(self, status: int, error: str, line: int | None = None, column: int | None = None) -> None:
        super().__init__(error)
        self.status, self.error, self.line, self.column = status, error, line, column

    @property
    def told(self) -> str:
        """The error in one line, with where in the query it is."""
        return self.error if self.line is None else f"line {self.line}, column {self.column}: {self.error}"

    def body(self) -> dict[str, str | int]:
        """Return the answer: the contract's `Problem`."""
        place = {"line": self.line, "column": self.column}
        return {"error": self.error} | {key: value for key, value in place.items() if value is not None}


def not_found(what: str) -> ProblemError:
    """Return the problem that there is no such thing."""
    return ProblemError(404, what)
