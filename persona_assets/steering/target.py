"""What of a stream is edited, as somebody names it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Target:
    """What is edited: a feature, the vector to a role, the assistant axis, or what a file holds.

    That is an axis, or with an `origin`, which is a file, too, the vector from there to a role. Raises
    ValueError unless it is exactly one of them.
    """

    feature: int | None = None
    role: str | None = None
    axis: bool = False
    file: str | None = None
    origin: str | None = None

    def __post_init__(self) -> None:
        named = (self.feature is not None, self.role is not None, self.axis, self.file is not None)
        if named.count(True) != 1:
            raise ValueError("what is edited is one of a feature, a role, the axis and a file")
        if self.origin is not None and self.file is None:
            raise ValueError("an origin is that of the vector in a file")
