"""What every block of settings has in common."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

NAME = re.compile(r"[a-z0-9_-]+")

Dtype = Literal["auto", "float32", "bfloat16", "float16"]
PositiveInt = Annotated[int, Field(gt=0)]


def _name(value: str) -> str:
    if not NAME.fullmatch(value):
        raise ValueError(f"{value!r} is not a name: use lower-case letters, digits, '_' and '-'")
    return value


Name = Annotated[str, AfterValidator(_name)]


class Block(BaseModel):
    """A block of settings. Every key decides what the lake's files hold, unless the block says otherwise.

    `FIRST` names the keys that fingerprints have held from the beginning. Any other key came later, or is
    new: it enters only where it differs from its default, which must give the files of before.
    """

    model_config = ConfigDict(
        extra="forbid", frozen=True, protected_namespaces=(), use_attribute_docstrings=True
    )

    FIRST: ClassVar[frozenset[str]] = frozenset()
    ELSEWHERE: ClassVar[Mapping[str, str]] = {}  # keys that enter fingerprints in another form, and in which
    IGNORED: ClassVar[Mapping[str, str]] = {}  # keys that decide no file's content, and why

    def decisive(self) -> dict[str, Any]:
        """Return what a fingerprint holds of the block, as JSON."""
        fields = type(self).model_fields
        held = self.model_dump(mode="json", exclude={*self.ELSEWHERE, *self.IGNORED})
        return {
            key: value
            for key, value in held.items()
            if key in self.FIRST or getattr(self, key) != fields[key].default
        }
