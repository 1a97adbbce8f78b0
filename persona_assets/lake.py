"""The lake: one study's Parquet files, immutable and named by what they were made from.

    <root>/<study>/<table>/[sae=<name>/][role=<role>/][run=<run>/]<stem>.parquet

A stem is the fingerprint of everything that decides the file's content. Where a fingerprint alone
does not name the content it is `imported-<hash of the content>`, and a file made again on purpose
(`--overwrite`) gets a revision, `-r1`, so that no file a published warehouse names is ever rewritten. A
name is never used for a second content either: what was made from a file says only its name. A file that
is removed therefore leaves its name behind, `<stem>.gone`.

A file's pages have checksums, and its footer says under `PATH_NOTE` where it belongs.
"""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from persona_assets.duck import in_memory
from persona_assets.errors import StudyError
from persona_assets.project import project
from persona_assets.schema import Table
from persona_assets.storage import storage_at

PATH_NOTE = b"persona.path"  # in a file's footer: its path below the root, from when it was written

_GONE = ".gone"
_OF_THE_STORE = "AWS Error"  # how pyarrow's errors begin where it was not the file
_STEM = re.compile(r"(?P<made_from>(?:imported-)?[0-9a-f]{16})(?:-r(?P<revision>\d+))?")

_ALWAYS = {"write_page_index": True, "write_page_checksum": True}


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
        match = _STEM.fullmatch(self.stem)
        assert match is not None
        return match


class Lake:
    """The files of `study` below `root`, a local directory or `s3://bucket/prefix`."""

    def __init__(self, root: str | Path, study: str) -> None:
        self.storage = storage_at(root)
        self.root = self.storage.root
        self.study = study

    @property
    def local_root(self) -> Path:
        """What this machine keeps: the lake itself, or, beside one in a bucket, a folder for its snapshots
        (`PERSONA_WAREHOUSE`, by default below the project folder's `.warehouse/`).
        """
        if self.storage.folder is not None:
            return self.storage.folder
        named = os.environ.get("PERSONA_WAREHOUSE")
        if named:
            return Path(named).absolute()
        return project() / ".warehouse" / self.root.removeprefix("s3://").replace("/", "--")

    def uri(self, path: str) -> str:
        """Where DuckDB, and people, find the file at `path`."""
        return f"{self.root}/{path}"

    def connection(self) -> duckdb.DuckDBPyConnection:
        """A connection, to be closed, to this process's database in memory: to ask of the lake's files."""
        connection = in_memory()
        self.storage.prepare(connection)
        return connection

    def open(self, uri: str, **options: Any) -> pq.ParquetFile:
        """The file at `uri`, open to be read; `options` as pyarrow's `ParquetFile` has them."""
        return pq.ParquetFile(uri.removeprefix("s3://"), filesystem=self.storage.filesystem, **options)

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
        """Every whole file of the table, sorted by path."""
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
        """The file that is fresh under `fingerprint`, if there is one."""
        return fresh(self.files(table, sae=sae, role=role, run=run), fingerprint)

    def write(
        self,
        table: Table,
        content: pa.Table,
        made_from: str,
        *,
        sae: str | None = None,
        role: str | None = None,
        run: str | None = None,
    ) -> LakeFile:
        """Land `content` under a new name, so that it is there whole or not at all.

        Raises DiskError where the disk is full or read-only, or the store refuses; nothing is left behind.
        """
        folder = self.folder(table, sae=sae, role=role, run=run)
        while True:
            path = f"{folder}/{self._free_stem(folder, made_from)}.parquet"
            try:
                with self.storage.placing(path) as beside:
                    write_parquet(table, content, beside, {PATH_NOTE.decode(): path})
                    status = beside.stat()
                return LakeFile(path, status.st_size, status.st_mtime_ns / 1e9)
            except FileExistsError:  # another process took that name meanwhile
                continue

    def read(self, table: Table, file: LakeFile) -> pa.Table:
        """The file's content. Raises StudyError, naming the file, where it is damaged."""
        with self._reading(file):
            content = self.open(self.uri(file.path)).read()
        if content.schema.names != table.schema.names:
            raise damaged(self.uri(file.path), "its columns are not those of the table")
        return content

    def clear(self, table: Table, *, role: str) -> None:
        """Delete the role's files of a table that no published warehouse names.

        The folder stays: another process may be about to write into it.
        """
        for file in self.files(table, role=role):
            self.storage.remove(file.path)
        self.storage.sweep(self.folder(table, role=role))

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
            file for file in found if file.path.endswith((".parquet", _GONE)) and _STEM.fullmatch(file.stem)
        )
        return sorted(ours, key=lambda file: file.path)

    def num_rows(self, file: LakeFile) -> int:
        """The file's number of rows, from its footer. Raises StudyError where it is damaged."""
        with self._reading(file):
            return int(self.open(self.uri(file.path)).metadata.num_rows)

    @contextmanager
    def _reading(self, file: LakeFile) -> Iterator[None]:
        try:
            yield
        except (pa.ArrowInvalid, OSError) as error:
            raise damaged(self.uri(file.path), error) from error

    def _free_stem(self, folder: str, made_from: str) -> str:
        importing = made_from.startswith("imported-")
        rivals = [
            file
            for file in self._named_below(folder)
            if importing or file.imported or file.made_from == made_from
        ]
        return f"{made_from}-r{1 + max(file.revision for file in rivals)}" if rivals else made_from


class Look:
    """One look at lakes: every table is listed once, however many of its folders are asked for."""

    def __init__(self) -> None:
        self._found: dict[str, dict[str, list[LakeFile]]] = {}

    def files(self, lake: Lake, table: Table, *, sae: str | None, role: str) -> list[LakeFile]:
        """As `Lake.files`, as of the moment when the table was first asked for."""
        whole = lake.uri(lake.folder(table))
        if whole not in self._found:
            by_folder = self._found[whole] = defaultdict(list)
            for file in lake.files(table):
                by_folder[file.path.rsplit("/", 1)[0]].append(file)
        return self._found[whole].get(lake.folder(table, sae=sae, role=role), [])


def fresh(files: Iterable[LakeFile], fingerprint: str) -> LakeFile | None:
    """Of one folder's files the one to use: of this fingerprint or imported, the last revision."""
    usable = [file for file in files if file.imported or file.made_from == fingerprint]
    return max(usable, key=lambda file: (file.revision, file.imported), default=None)


def damaged(path: str, why: object) -> StudyError:
    """The error for a file that cannot be read: damaged, unless it is the store that did not answer."""
    reason = str(why).splitlines()[0]
    if is_of_the_store(why):
        return StudyError(f"{path}: cannot be read now ({reason}); check network and credentials, run again")
    return StudyError(f"{path}: damaged, or not a file of this lake ({reason}); delete it and run again")


def is_of_the_store(why: object) -> bool:
    """Whether an error is that the store did not answer, and says nothing of the file."""
    return _OF_THE_STORE in str(why)


def write_parquet(
    table: Table, content: pa.Table, path: Path, notes: Mapping[str, str] | None = None
) -> None:
    """Write `content` with the table's schema and layout, `notes` in the footer, and sync it to the disk."""
    options = {"compression": "zstd", "compression_level": 1, **_ALWAYS, **table.writer}
    content = content.select(table.schema.names).cast(table.schema)
    with path.open("wb") as file:
        with pq.ParquetWriter(file, table.schema, **options) as writer:
            for start, stop in row_groups(table, content):
                writer.write_table(content.slice(start, stop - start), row_group_size=stop - start)
            writer.add_key_value_metadata(dict(notes or {}))
        file.flush()
        os.fsync(file.fileno())


def row_groups(table: Table, content: pa.Table) -> Iterator[tuple[int, int]]:
    """The first row and the one after the last of each row group of `content`."""
    keys = np.arange(content.num_rows) if table.unbroken is None else content[table.unbroken].to_numpy()
    start = 0
    while start < len(keys):
        stop = min(start + table.row_group_size, len(keys))
        if stop < len(keys):
            # Back to where the value at the edge begins; on to its end, should it fill a row group alone.
            begin, end = np.searchsorted(keys, keys[stop], "left"), np.searchsorted(keys, keys[stop], "right")
            stop = int(begin if begin > start else end)
        yield start, stop
        start = stop
