"""How the lake's Parquet files are written: their layout, the checksums of their pages, and of the whole.

A page's own checksum says nothing of its header, of the page index and of the footer. Therefore the footer
also holds, under `SUM_NOTE`, the CRC-32 of the whole file, counted with zeros in the place of its own digits.
"""

from __future__ import annotations

import io
import os
import zlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import BinaryIO, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from persona_assets.base.ahead import ahead
from persona_assets.lake.schema import Table

Content: TypeAlias = pa.Table | Iterable[pa.Table]  # of a file, whole or in parts

SUM_NOTE = b"persona.crc32"

_BLANK = b"00000000"
_BEFORE_SUM = SUM_NOTE + b"\x18\x08"  # in Thrift's compact form: the note's value follows, a text of 8 bytes
_MAGIC = b"PAR1"
_CHUNK = 2**20
_ALWAYS = {
    "compression": "zstd",
    "compression_level": 1,
    "write_page_index": True,
    "write_page_checksum": True,
}


def write_parquet(table: Table, content: Content, path: Path, notes: Mapping[str, str] | None = None) -> None:
    """Write `content` with the table's schema and layout, `notes` in the footer, and sync it to the disk.

    Of content in parts each begins a row group; the next is made while one is written.
    """
    options = {**_ALWAYS, "use_dictionary": leaves_but_floats(table.schema), **table.writer}
    raw = _Summing(path, "wb")
    with io.BufferedWriter(raw) as file:  # type: ignore[type-var]
        with pq.ParquetWriter(file, table.schema, **options) as writer:
            for given in [content] if isinstance(content, pa.Table) else ahead(content):
                part = given.select(table.schema.names).cast(table.schema)
                for start, stop in row_groups(table, part):
                    writer.write_table(part.slice(start, stop - start), row_group_size=stop - start)
            writer.add_key_value_metadata({**(notes or {}), SUM_NOTE.decode(): _BLANK.decode()})
        file.flush()
        _stamp(path, raw.crc)
        os.fsync(file.fileno())


def leaves_but_floats(schema: pa.Schema) -> list[str]:
    """Return the paths, as Parquet has them, of the leaves that have a dictionary: all but floats.

    Floats seldom repeat: their dictionary took half of the time of writing, and a quarter more room.
    """
    of_file = pq.ParquetFile(_empty(schema)).schema
    leaves = [of_file.column(number) for number in range(len(of_file))]
    return [leaf.path for leaf in leaves if leaf.physical_type not in ("FLOAT", "DOUBLE")]


def _empty(schema: pa.Schema) -> io.BytesIO:
    file = io.BytesIO()
    pq.ParquetWriter(file, schema).close()
    file.seek(0)
    return file


def row_groups(table: Table, content: pa.Table) -> Iterator[tuple[int, int]]:
    """Yield the first row and the one after the last of each row group of `content`."""
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


def sum_agrees(file: BinaryIO) -> bool | None:
    """Return whether the file's sum is the one in its footer; None where an earlier version wrote none.

    Raises ValueError where it is no Parquet file, or is cut off.
    """
    place = _place_of_sum(file)
    if place is None:
        return None
    file.seek(place)
    told = file.read(len(_BLANK))
    file.seek(0)
    crc = zlib.crc32(_BLANK, _crc(file, place))
    file.seek(place + len(_BLANK))
    return told == b"%08x" % _crc(file, None, crc)


class _Summing(io.FileIO):
    """A file that counts the CRC-32 of what is written to it, from its beginning to its end."""

    crc = 0

    def write(self, content: bytes) -> int:  # type: ignore[override]
        """Write some of `content`; return how many bytes."""
        written = super().write(content)
        self.crc = zlib.crc32(memoryview(content)[:written], self.crc)
        return written


def _stamp(path: Path, crc: int) -> None:
    """Write the sum over the zeros that hold its place."""
    with path.open("r+b") as file:
        place = _place_of_sum(file)
        assert place is not None  # the note was just written
        file.seek(place)
        file.write(b"%08x" % crc)


def _place_of_sum(file: BinaryIO) -> int | None:
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - 8))
    length, magic = file.read(4), file.read(4)
    start = size - 8 - int.from_bytes(length, "little")
    if magic != _MAGIC or start < len(_MAGIC):
        raise ValueError("it does not end as a Parquet file does")
    file.seek(start)
    found = file.read(size - 8 - start).rfind(_BEFORE_SUM)
    return None if found < 0 else start + found + len(_BEFORE_SUM)


def _crc(file: BinaryIO, n_bytes: int | None, crc: int = 0) -> int:
    """Return the CRC-32 of the next `n_bytes`, or of all that follows, after what `crc` is of."""
    buffer = memoryview(bytearray(_CHUNK))
    left = n_bytes
    while left != 0:
        n_read = file.readinto(buffer if left is None else buffer[: min(left, _CHUNK)])  # type: ignore[attr-defined]
        if not n_read:
            break
        crc = zlib.crc32(buffer[:n_read], crc)
        left = None if left is None else left - n_read
    return crc
