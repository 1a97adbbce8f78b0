"""A file of the lake, and what its name says."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

STEM = re.compile(r"(?P<made_from>(?:imported-)?[0-9a-f]{16})(?:-r(?P<revision>\d+))?")


@dataclass(frozen=True)
class LakeFile:
    """A file of the lake; `path` is relative to the lake's root, `modified` in seconds since 1970."""

    path: str
    size: int
    modified: float = field(compare=False)  # a store says it in whole seconds, and by its own clock

    @property
    def stem(self) -> str:
        """The file's identity: downstream fingerprints are made from it."""
        return self.path.rsplit("/", 1)[-1].rsplit(".", 1)[0]

    @property
    def made_from(self) -> str:
        """The fingerprint without the revision."""
        return self._match["made_from"]

    @property
    def revision(self) -> int:
        """How many times the file was made again on purpose."""
        return int(self._match["revision"] or 0)

    @property
    def imported(self) -> bool:
        """Whether the content came from outside rather than from this study's settings."""
        return self.stem.startswith("imported-")

    @property
    def partition(self) -> dict[str, str]:
        """`{"sae": …, "role": …, "run": …}`, as far as the path names them."""
        return dict(part.split("=", 1) for part in self.path.split("/") if "=" in part)

    @property
    def _match(self) -> re.Match[str]:
        match = STEM.fullmatch(self.stem)
        assert match is not None
        return match


def fresh(files: Iterable[LakeFile], fingerprint: str) -> LakeFile | None:
    """Return the one of a folder's files to use: of this fingerprint or imported, of the last revision."""
    usable = [file for file in files if file.imported or file.made_from == fingerprint]
    return max(usable, key=lambda file: (file.revision, file.imported), default=None)
