"""What every block of settings has in common."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from persona_assets.base.given import shown

LONGEST_NAME = 120  # characters: it stands in the names of folders and files
NAME = re.compile(rf"[a-z0-9_-]{{1,{LONGEST_NAME}}}")
NAMED_BY = f"lower-case letters, digits, '_' and '-', at most {LONGEST_NAME}"

Dtype = Literal["auto", "float32", "bfloat16", "float16"]
PositiveInt = Annotated[int, Field(gt=0)]
Seed = Annotated[int, Field(ge=0, lt=2**31)]  # NumPy, scikit-learn and UMAP take it, and a few counted on


def _name(value: str) -> str:
    if not NAME.fullmatch(value):
        raise ValueError(f"{shown(value)} is not a name: use {NAMED_BY}")
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
