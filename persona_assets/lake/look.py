"""Many folders of a lake asked for, each table listed once: on a bucket every listing is a request."""

from __future__ import annotations

from collections import defaultdict

from persona_assets.lake.lake import Lake
from persona_assets.lake.lake_file import LakeFile
from persona_assets.lake.schema import Table


class Look:
    """One look at lakes: every table is listed once, however many of its folders are asked for."""

    def __init__(self) -> None:
        self._found: dict[str, dict[str, list[LakeFile]]] = {}

    def files(
        self,
        lake: Lake,
        table: Table,
        *,
        sae: str | None = None,
        role: str | None = None,
        run: str | None = None,
    ) -> list[LakeFile]:
        """Return the files in just this folder, as of the moment when the table was first asked for."""
        return self._of(lake, table).get(lake.folder(table, sae=sae, role=role, run=run), [])

    def all(self, lake: Lake, table: Table) -> list[LakeFile]:
        """Return every file of the table, as of that moment, sorted by path."""
        files = (file for folder in self._of(lake, table).values() for file in folder)
        return sorted(files, key=lambda file: file.path)

    def _of(self, lake: Lake, table: Table) -> dict[str, list[LakeFile]]:
        whole = lake.uri(lake.folder(table))
        if whole not in self._found:
            by_folder = self._found[whole] = defaultdict(list)
            for file in lake.files(table):
                by_folder[file.path.rsplit("/", 1)[0]].append(file)
        return self._found[whole]


def files_of(look: Look | None, lake: Lake, table: Table, **part: str | None) -> list[LakeFile]:
    """Return the files in just one folder: as of `look`, or as of now where there is none."""
    return lake.files(table, **part) if look is None else look.files(lake, table, **part)
