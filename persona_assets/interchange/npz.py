"""The dense pair of a role, `mean_features` and `max_features`, as NPZ, a few rows in memory at a time."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np
import numpy.typing as npt

from persona_assets.base.atomic import placed
from persona_assets.base.errors import StudyError

ARRAYS = ("mean_features", "max_features")

_ROWS = 64  # of 65,536 features: 16 MB
_COLUMNS = 1024  # of 1,200 responses: 5 MB
_FLOAT = np.dtype("<f4")
_FLOAT_BYTES = (2, 4, 8)
_ROUNDED = 1.01  # a mean may be above its maximum by as much: float16 and bfloat16 keep three digits
_FAST = 1  # zeros pack as well at any level

Block = npt.NDArray[np.float32]


def write_pair(file: Path, shape: tuple[int, int], rows: Callable[[str, int, int], Block]) -> None:
    """Write the pair of float32[n_responses, d_sae]; `rows(array, start, stop)` gives a slice of one."""
    with (
        placed(file) as beside,
        zipfile.ZipFile(beside, "w", zipfile.ZIP_DEFLATED, compresslevel=_FAST) as archive,
    ):
        for array in ARRAYS:
            _write_array(archive, array, shape, (rows(array, *span) for span in _spans(shape[0])))


def check_pair(file: Path, shape: tuple[int, int], lines: Path | None = None) -> None:
    """Raise StudyError, naming the file, unless it holds both arrays in that shape. Reads only headers.

    `lines` is the file whose lines say what the rows are; it is named where their counts differ.
    """
    with _opened(file) as archive:
        for array in ARRAYS:
            _array(file, archive, array, shape, lines).stream.close()


def read_pair(file: Path, shape: tuple[int, int]) -> Iterator[tuple[int, Block, Block]]:
    """Yield (first row, mean block, max block), float32, by rows.

    Arrays of float16, float64 or another byte order are cast. One that lies column by column is read whole.
    Raises StudyError where the file is damaged or wrong.
    """
    with _opened(file) as archive, ExitStack() as stack:
        arrays = [_array(file, archive, array, shape) for array in ARRAYS]
        for array in arrays:
            stack.enter_context(array.stream)
        for start, *blocks in zip(
            (start for start, _ in _spans(shape[0])), *(array.blocks() for array in arrays), strict=True
        ):
            mean, highest = blocks
            _check_values(file, start, mean, highest)
            yield start, mean, highest
        if any(array.stream.read(1) for array in arrays):
            raise StudyError(f"{file}: an array is longer than its header says; get the file again")


@dataclass(frozen=True)
class _Array:
    """The values of one array, from the stream's place on: `shape` of `dtype`, by rows or by columns."""

    stream: IO[bytes]
    shape: tuple[int, int]
    dtype: np.dtype
    column_major: bool

    def blocks(self) -> Iterator[Block]:
        """Yield float32[n, d_sae], the rows of one span after another."""
        if self.column_major:
            whole = self._columns()
            yield from (whole[start:stop] for start, stop in _spans(self.shape[0]))
        else:
            yield from (self._next(stop - start, self.shape[1]) for start, stop in _spans(self.shape[0]))

    def _columns(self) -> Block:
        n_rows, d_sae = self.shape
        whole = np.empty(self.shape, np.float32)
        for start in range(0, d_sae, _COLUMNS):
            stop = min(start + _COLUMNS, d_sae)
            whole[:, start:stop] = self._next(stop - start, n_rows).T
        return whole

    def _next(self, n: int, length: int) -> Block:
        """float32[n, length], the next values of the stream."""
        wanted = n * length * self.dtype.itemsize
        content = self.stream.read(wanted)
        if len(content) != wanted:
            raise EOFError("an array ends early")
        with np.errstate(over="ignore"):  # what float32 cannot hold becomes infinite, and is refused
            return np.frombuffer(content, self.dtype).reshape(n, length).astype(np.float32, copy=False)


def _spans(n_rows: int) -> list[tuple[int, int]]:
    return [(start, min(start + _ROWS, n_rows)) for start in range(0, n_rows, _ROWS)]


def _write_array(
    archive: zipfile.ZipFile, array: str, shape: tuple[int, int], blocks: Iterable[Block]
) -> None:
    with archive.open(f"{array}.npy", "w", force_zip64=True) as stream:
        header = {"descr": _FLOAT.str, "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(stream, header)
        for block in blocks:
            stream.write(block.astype(_FLOAT, copy=False).tobytes())


@contextmanager
def _opened(file: Path) -> Iterator[zipfile.ZipFile]:
    try:
        with zipfile.ZipFile(file) as archive:
            yield archive
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, OSError, RuntimeError) as error:
        raise StudyError(f"{file}: damaged, or not an NPZ file ({error}); get it again") from error


def _array(
    file: Path, archive: zipfile.ZipFile, array: str, shape: tuple[int, int], lines: Path | None = None
) -> _Array:
    """Open one array. Raises StudyError unless it holds floating-point numbers in that shape."""
    if f"{array}.npy" not in archive.namelist():
        raise StudyError(f"{file}: has no array {array}; it must hold {' and '.join(ARRAYS)}")
    stream = archive.open(f"{array}.npy")
    found, column_major, dtype = _header(stream)
    if dtype.kind != "f" or dtype.itemsize not in _FLOAT_BYTES:
        raise StudyError(f"{file}: {array} is {dtype}; save it as float32")
    if len(found) != 2 or found[1] != shape[1]:
        raise StudyError(f"{file}: {array} is {list(found)}, but the study's SAE has {shape[1]} features")
    if found[0] != shape[0]:
        described = file.with_suffix(".jsonl").name if lines is None else str(lines)
        raise StudyError(
            f"{file}: {array} has {found[0]} rows, but {described} has {shape[0]}; "
            "each line must describe a row"
        )
    return _Array(stream, shape, dtype, column_major)


def _header(stream: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype]:
    if np.lib.format.read_magic(stream) == (1, 0):
        return np.lib.format.read_array_header_1_0(stream)
    return np.lib.format.read_array_header_2_0(stream)


def _check_values(file: Path, start: int, mean: Block, highest: Block) -> None:
    for array, block in zip(ARRAYS, (mean, highest), strict=True):
        wrong = ~(np.isfinite(block) & (block >= 0))
        if wrong.any():
            row, feature = np.argwhere(wrong)[0]
            raise StudyError(
                f"{file}: {array}[{start + row}, {feature}] is {block[row, feature]}; activations must be "
                "finite and not negative"
            )
    above = mean > highest * _ROUNDED
    if above.any():
        row, feature = np.argwhere(above)[0]
        raise StudyError(
            f"{file}: mean_features[{start + row}, {feature}] is {mean[row, feature]}, above max_features, "
            f"{highest[row, feature]}; no mean over tokens can be: have the two been swapped?"
        )
