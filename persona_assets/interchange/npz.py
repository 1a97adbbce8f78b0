"""The dense pair of a role, `mean_features` and `max_features`, as NPZ, a few rows in memory at a time."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO

import numpy as np
import numpy.typing as npt

from persona_assets.errors import StudyError
from persona_assets.placing import placed

ARRAYS = ("mean_features", "max_features")

_ROWS = 64  # of 65,536 features: 16 MB
_FLOAT = np.dtype("<f4")
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


def check_pair(file: Path, shape: tuple[int, int]) -> None:
    """Raise StudyError, naming the file, unless it holds both arrays in that shape. Reads only headers."""
    with _opened(file) as archive:
        for array in ARRAYS:
            _array(file, archive, array, shape).close()


def read_pair(file: Path, shape: tuple[int, int]) -> Iterator[tuple[int, Block, Block]]:
    """(first row, mean block, max block) by rows. Raises StudyError where the file is damaged or wrong."""
    with _opened(file) as archive, ExitStack() as stack:
        streams = [stack.enter_context(_array(file, archive, array, shape)) for array in ARRAYS]
        for start, stop in _spans(shape[0]):
            mean, highest = (_block(stream, stop - start, shape[1]) for stream in streams)
            _check_values(file, start, mean, highest)
            yield start, mean, highest
        if any(stream.read(1) for stream in streams):
            raise StudyError(f"{file}: an array is longer than its header says; get the file again")


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


def _array(file: Path, archive: zipfile.ZipFile, array: str, shape: tuple[int, int]) -> IO[bytes]:
    """The stream of one array's values. Raises StudyError unless it is float32 in that shape."""
    if f"{array}.npy" not in archive.namelist():
        raise StudyError(f"{file}: has no array {array}; it must hold {' and '.join(ARRAYS)}")
    stream = archive.open(f"{array}.npy")
    found, column_major, dtype = _header(stream)
    if dtype != _FLOAT or column_major:
        order = ", column by column" if column_major else ""
        raise StudyError(f"{file}: {array} is {dtype}{order}; save it as float32, row by row")
    if len(found) != 2 or found[1] != shape[1]:
        raise StudyError(f"{file}: {array} is {list(found)}, but the study's SAE has {shape[1]} features")
    if found[0] != shape[0]:
        raise StudyError(
            f"{file}: {array} has {found[0]} rows, but {file.with_suffix('.jsonl').name} has {shape[0]}; "
            "each line must describe a row"
        )
    return stream


def _header(stream: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype]:
    if np.lib.format.read_magic(stream) == (1, 0):
        return np.lib.format.read_array_header_1_0(stream)
    return np.lib.format.read_array_header_2_0(stream)


def _block(stream: IO[bytes], n_rows: int, d_sae: int) -> Block:
    """float32[n_rows, d_sae], the next rows of the stream."""
    wanted = n_rows * d_sae * _FLOAT.itemsize
    content = stream.read(wanted)
    if len(content) != wanted:
        raise EOFError("an array ends early")
    return np.frombuffer(content, _FLOAT).reshape(n_rows, d_sae)


def _check_values(file: Path, start: int, mean: Block, highest: Block) -> None:
    for array, block in zip(ARRAYS, (mean, highest), strict=True):
        wrong = ~(np.isfinite(block) & (block >= 0))
        if wrong.any():
            row, feature = np.argwhere(wrong)[0]
            raise StudyError(
                f"{file}: {array}[{start + row}, {feature}] is {block[row, feature]}; activations must be "
                "finite and not negative"
            )
