"""The lake: one study's Parquet files, immutable and named by what they were made from.

    <root>/<study>/<table>/[sae=<name>/][role=<role>/][run=<run>/][mart=<name>/]<stem>.parquet

A stem is the fingerprint of everything that decides the file's content. Where a fingerprint alone
does not name the content it is `imported-<hash of the content>`, and a file made again on purpose
(`--overwrite`) gets a revision, `-r1`, so that no file a published warehouse names is ever rewritten. A
name is never used for a second content either: what was made from a file says only its name. A file that
is removed therefore leaves its name behind, `<stem>.gone`.

Its name stays taken even where somebody deletes it by hand, as long as a file is there that was made from it.

A file's pages have checksums and so has the whole; its footer says where it belongs (`PATH_NOTE`), what it
was made from (`lineage.INPUTS_NOTE`) and under which settings (`MADE_FROM_NOTE`). Whoever makes something
of a file gets it through `read`, `readable` or `check`, which refuse one that is damaged.
"""

from __future__ import annotations

import copy
import json
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from persona_assets.base.duck import exact_path, in_memory
from persona_assets.base.errors import DamagedError
from persona_assets.base.project import project
from persona_assets.lake.fingerprint import MADE_FROM_NOTE, Fingerprint
from persona_assets.lake.lake_file import STEM, LakeFile, fresh
from persona_assets.lake.lineage import INPUTS_NOTE, is_claimed
from persona_assets.lake.notes import StudyNotes
from persona_assets.lake.parquet import Content, write_parquet
from persona_assets.lake.schema import Table
from persona_assets.lake.storage import bucket, storage_at
from persona_assets.lake.wholeness import (
    PATH_NOTE,
    READING_ERRORS,
    check_whole,
    damaged,
    fetch_whole,
    refuse_another,
    refuse_other_kinds,
)

_GONE = ".gone"
_AT_ONCE = 8  # files that are checked or fetched


def snapshots_folder() -> Path | None:
    """The folder that `PERSONA_WAREHOUSE` names for this machine's snapshots; None where it names none."""
    named = os.environ.get("PERSONA_WAREHOUSE")
    return Path(named).absolute() if named else None


class Lake:
    """The files of `study` below `root`, a local directory or `s3://bucket/prefix`."""

    def __init__(self, root: str | Path, study: str) -> None:
        self.storage = storage_at(root)
        self.root = self.storage.root
        self.study = study
        self.notes = StudyNotes(self.storage, study)

    @property
    def local_root(self) -> Path:
        """What this machine keeps: the lake itself, or, beside one in a bucket, a folder for its snapshots
        (`PERSONA_WAREHOUSE`, by default below the project folder's `.warehouse/`).
        """
        if self.storage.folder is not None:
            return self.storage.folder
        named = snapshots_folder()
        return named or project() / ".warehouse" / self.root.removeprefix("s3://").replace("/", "--")

    def uri(self, path: str) -> str:
        """Return where DuckDB, and people, find the file at `path`."""
        return f"{self.root}/{path}"

    def connection(self) -> duckdb.DuckDBPyConnection:
        """A connection, to be closed, to this process's database in memory: to ask of the lake's files."""
        connection = in_memory()
        self.storage.prepare(connection)
        return connection

    def open(self, uri: str, **options: Any) -> pq.ParquetFile:
        """Return the file at `uri`, open to be read; `options` as pyarrow's `ParquetFile` has them.

        One in a bucket is read against its pages' checksums; one in a folder is for `check` to vouch for.
        Raises DamagedError where it is another file, or none; else what pyarrow raises.
        """
        if self.storage.folder is None:
            options = {"page_checksum_verification": True, **options}
        else:
            refuse_other_kinds(Path(uri))
        parquet = pq.ParquetFile(uri.removeprefix("s3://"), filesystem=self.storage.filesystem, **options)
        try:
            refuse_another(parquet, uri.removeprefix(f"{self.root}/"), uri)
        except DamagedError:
            parquet.close()
            raise
        return parquet

    def check(self, files: Iterable[LakeFile]) -> None:
        """Raise StudyError, naming it, for a file that is damaged or cannot be read now.

        Each is read to its end once on this machine. Of those in a bucket `open` and `readable` see to it.
        """
        folder = self.storage.folder
        if folder is not None:
            with ThreadPoolExecutor(_AT_ONCE) as readers:
                list(readers.map(lambda file: check_whole(folder / file.path, file.path), files))

    @contextmanager
    def readable(self, files: Iterable[LakeFile]) -> Iterator[list[str]]:
        """Yield where DuckDB reads each of `files`, all of them whole: patterns that match one path each.

        Those of a bucket that this machine has not seen before are fetched for as long. Raises StudyError,
        naming the file, where one is damaged or cannot be read now.
        """
        store, files = bucket(self.storage), list(files)
        if store is None:
            self.check(files)
            yield [exact_path(self.uri(file.path)) for file in files]
            return
        with (
            tempfile.TemporaryDirectory(prefix="persona-") as folder,
            ThreadPoolExecutor(_AT_ONCE) as readers,
        ):
            places = readers.map(lambda file: fetch_whole(store, file.path, Path(folder)), files)
            yield [exact_path(place) for place in places]

    def studies(self) -> list[str]:
        """Return the names of the studies that have a folder in the lake."""
        store = bucket(self.storage)
        if store is not None:
            return store.folders()
        root = Path(self.root)
        return sorted(entry.name for entry in root.iterdir() if entry.is_dir()) if root.is_dir() else []

    def of(self, study: str) -> Lake:
        """Return the part of another study in the same lake."""
        other = copy.copy(self)
        other.study, other.notes = study, self.notes.of(study)
        return other

    def folder(
        self, table: Table, *, sae: str | None = None, role: str | None = None, run: str | None = None
    ) -> str:
        """The folder of a table's files, relative to the root; narrowed to an SAE, a role, a run if given."""
        given = {"sae": sae, "role": role, "run": run}
        parts = [f"{name}={value}" for name, value in given.items() if value is not None]
        return "/".join([self.study, table.name, *parts])

    def files(
        self, table: Table, *, sae: str | None = None, role: str | None = None, run: str | None = None
    ) -> list[LakeFile]:
        """Return every whole file of the table, sorted by path."""
        return self._files_below(self.folder(table, sae=sae, role=role, run=run))

    def current(
        self,
        table: Table,
        fingerprint: str,
        *,
        sae: str | None = None,
        role: str | None = None,
        run: str | None = None,
    ) -> LakeFile | None:
        """Return the file that is fresh under `fingerprint`, if there is one."""
        return fresh(self.files(table, sae=sae, role=role, run=run), fingerprint)

    def write(
        self,
        table: Table,
        content: Content,
        made_from: str,
        *,
        sae: str | None = None,
        role: str | None = None,
        run: str | None = None,
        inputs: Iterable[LakeFile] = (),
        notes: Mapping[str, str] | None = None,
    ) -> LakeFile:
        """Land `content` under a new name, so that it is there whole or not at all; `inputs` is what it was
        made from, and `notes` go into its footer. Content in parts may be iterated over twice.

        Raises DiskError where the disk is full or read-only, or the store refuses; nothing is left behind.
        """
        self.notes.keep()
        folder = self.folder(table, sae=sae, role=role, run=run)
        made_of = json.dumps([file.path for file in inputs])
        told = {MADE_FROM_NOTE: json.dumps(made_from.note)} if isinstance(made_from, Fingerprint) else {}
        taken: list[LakeFile] = []
        importing = made_from.startswith("imported-")  # then the name says the content
        while True:
            path = f"{folder}/{self._free_stem(folder, made_from, taken)}.parquet"
            if not importing and is_claimed(self, path):  # deleted by hand: what was made from it is there
                taken.append(LakeFile(path, 0, 0))
                continue
            footer = {PATH_NOTE.decode(): path, INPUTS_NOTE.decode(): made_of, **told, **(notes or {})}
            try:
                with self.storage.placing(path) as beside:
                    write_parquet(table, content, beside, footer)
                    status = beside.stat()
                return LakeFile(path, status.st_size, status.st_mtime_ns / 1e9)
            except FileExistsError:  # another process took that name, or something lies in its place
                taken.append(LakeFile(path, 0, 0))

    def read(self, table: Table, file: LakeFile) -> pa.Table:
        """The file's content. Raises StudyError, naming it, where it is damaged or cannot be read now."""
        self.check([file])
        with self._reading(file):
            content = self.open(self.uri(file.path)).read()
        if not table.has(content.schema.names):
            raise damaged(self.uri(file.path), "its columns are not those of the table")
        if content.schema.names == table.schema.names:
            return content
        return pa.concat_tables([table.schema.empty_table(), content], promote_options="default")

    def clear(
        self, table: Table, *, sae: str | None = None, role: str | None = None, made_from: str | None = None
    ) -> None:
        """Delete the files of a role, or of an SAE, of a table that no published warehouse names.

        With `made_from` those alone. The folder stays: another process may be about to write into it.
        """
        for file in self.files(table, sae=sae, role=role):
            if made_from in (None, file.made_from):
                self.storage.remove(file.path)
        self.storage.sweep(self.folder(table, sae=sae, role=role))

    def remove(self, file: LakeFile) -> None:
        """Delete a file that nothing needs any more; its name stays taken."""
        self.storage.mark(file.path.removesuffix(".parquet") + _GONE)
        self.storage.remove(file.path)

    def _files_below(self, folder: str) -> list[LakeFile]:
        return [file for file in self._named_below(folder) if file.path.endswith(".parquet")]

    def _named_below(self, folder: str) -> list[LakeFile]:
        """Files, and the names of those that were removed, sorted by path."""
        found = [LakeFile(*stored) for stored in self.storage.below(folder)]
        ours = (
            file for file in found if file.path.endswith((".parquet", _GONE)) and STEM.fullmatch(file.stem)
        )
        return sorted(ours, key=lambda file: file.path)

    def note(self, file: LakeFile, name: str) -> str | None:
        """Return a note in the file's footer, if it has it. Raises StudyError where the file is damaged."""
        with self._reading(file):
            value = (self.open(self.uri(file.path)).metadata.metadata or {}).get(name.encode())
        return None if value is None else value.decode()

    def num_rows(self, file: LakeFile) -> int:
        """Return the file's number of rows, from its footer. Raises StudyError where that cannot be read."""
        with self._reading(file), self.open(self.uri(file.path)) as parquet:
            return int(parquet.metadata.num_rows)

    @contextmanager
    def _reading(self, file: LakeFile) -> Iterator[None]:
        try:
            yield
        except READING_ERRORS as error:
            raise damaged(self.uri(file.path), error) from error

    def _free_stem(self, folder: str, made_from: str, taken: Iterable[LakeFile] = ()) -> str:
        importing = made_from.startswith("imported-")
        rivals = [
            file
            for file in (*self._named_below(folder), *taken)
            if importing or file.imported or file.made_from == made_from
        ]
        return f"{made_from}-r{1 + max(file.revision for file in rivals)}" if rivals else made_from
