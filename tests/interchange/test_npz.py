from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest

from persona_assets.base.errors import StudyError
from persona_assets.interchange.npz import ARRAYS, Block, check_pair, read_pair, write_pair

SHAPE = (150, 20)  # more than two blocks


@pytest.fixture
def pair() -> dict[str, Block]:
    highest = np.random.default_rng(0).random(SHAPE, np.float32)
    return {"mean_features": highest / 2, "max_features": highest}


def saved(file: Path, **arrays: np.ndarray) -> Path:
    np.savez(file, **arrays)
    return file


def read(file: Path, shape: tuple[int, int] = SHAPE) -> None:
    list(read_pair(file, shape))


def test_numpy_reads_what_is_written(tmp_path: Path, pair: dict[str, Block]) -> None:
    file = tmp_path / "role.npz"
    write_pair(file, SHAPE, lambda array, start, stop: pair[array][start:stop])
    with np.load(file) as loaded:
        assert sorted(loaded.files) == sorted(ARRAYS)
        for array in ARRAYS:
            np.testing.assert_array_equal(loaded[array], pair[array])


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_what_numpy_writes_is_read_in_blocks(tmp_path: Path, pair: dict[str, Block], save) -> None:
    save(tmp_path / "role.npz", **pair)
    blocks = list(read_pair(tmp_path / "role.npz", SHAPE))
    assert [start for start, _, _ in blocks] == [0, 64, 128]
    np.testing.assert_array_equal(np.vstack([mean for _, mean, _ in blocks]), pair["mean_features"])
    np.testing.assert_array_equal(np.vstack([highest for _, _, highest in blocks]), pair["max_features"])


@pytest.mark.parametrize("dtype", ["<f2", ">f2", ">f4", "<f8", ">f8"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_other_floats_and_orders_are_cast(
    tmp_path: Path, pair: dict[str, Block], dtype: str, order: str
) -> None:
    saved_as = {name: np.asarray(values.astype(dtype), order=order) for name, values in pair.items()}
    blocks = list(read_pair(saved(tmp_path / "role.npz", **saved_as), SHAPE))
    assert [start for start, _, _ in blocks] == [0, 64, 128]
    for at, array in enumerate(ARRAYS, start=1):
        found = np.vstack([block[at] for block in blocks])
        assert found.dtype == np.float32
        np.testing.assert_array_equal(found, pair[array].astype(dtype).astype(np.float32))


def test_more_columns_than_are_read_at_once_keep_their_places(tmp_path: Path) -> None:
    highest = np.random.default_rng(2).random((3, 2500), np.float32)
    file = saved(tmp_path / "role.npz", mean_features=highest, max_features=np.asfortranarray(highest))
    [(_, mean, found)] = read_pair(file, highest.shape)
    np.testing.assert_array_equal(found, highest)
    np.testing.assert_array_equal(mean, highest)


def test_a_value_that_float32_cannot_hold_is_refused(tmp_path: Path, pair: dict[str, Block]) -> None:
    highest = pair["max_features"].astype(np.float64)
    highest[70, 4] = 1e300
    file = saved(tmp_path / "role.npz", mean_features=pair["mean_features"], max_features=highest)
    with pytest.raises(StudyError, match=r"max_features\[70, 4\] is inf"):
        read(file)


def test_means_above_their_maxima_are_refused(tmp_path: Path, pair: dict[str, Block]) -> None:
    swapped = {"mean_features": pair["max_features"], "max_features": pair["mean_features"]}
    with pytest.raises(StudyError, match=r"mean_features\[0, 0\] is .*, above max_features, .*swapped"):
        read(saved(tmp_path / "role.npz", **swapped))


def test_a_mean_that_rounding_puts_above_its_maximum_is_taken(tmp_path: Path, pair: dict[str, Block]) -> None:
    pair["mean_features"] = pair["max_features"] * np.float32(1.004)
    read(saved(tmp_path / "role.npz", **pair))


def test_a_pair_without_rows_is_a_pair(tmp_path: Path) -> None:
    write_pair(tmp_path / "role.npz", (0, 20), lambda array, start, stop: np.zeros((0, 20), np.float32))
    check_pair(tmp_path / "role.npz", (0, 20))
    assert list(read_pair(tmp_path / "role.npz", (0, 20))) == []


@pytest.mark.parametrize("check", [check_pair, read])
def test_a_pair_of_the_wrong_shape_or_type_is_refused_by_its_header(
    tmp_path: Path, pair: dict[str, Block], check
) -> None:
    mean, highest = pair["mean_features"], pair["max_features"]
    wrong = {
        "max_features has 149 rows, but role.jsonl has 150": {"max_features": highest[:149]},
        r"max_features is \[150, 19\], but the study's SAE has 20 features": {
            "max_features": highest[:, :19]
        },
        r"max_features is \[3000\], but": {"max_features": highest.ravel()},
        "max_features is int64; save it as float32": {"max_features": highest.astype(np.int64)},
        "max_features is complex64; save it as float32": {"max_features": highest.astype(np.complex64)},
        "has no array max_features": {"maximum": highest},
        "max_features is object; save it as float32": {"max_features": np.array([{}] * 3, dtype=object)},
    }
    for complaint, arrays in wrong.items():
        file = saved(tmp_path / "role.npz", mean_features=mean, **arrays)
        with pytest.raises(StudyError, match=complaint):
            check(file, SHAPE)


@pytest.mark.parametrize("value", [np.nan, np.inf, -1.0])
@pytest.mark.parametrize("array", ARRAYS)
def test_a_value_that_is_no_activation_is_refused_by_its_place(
    tmp_path: Path, pair: dict[str, Block], array: str, value: float
) -> None:
    pair[array][130, 7] = value
    file = saved(tmp_path / "role.npz", **pair)
    with pytest.raises(StudyError, match=rf"role.npz: {array}\[130, 7\] is {value}"):
        read(file)


@pytest.mark.parametrize("kept", [0.0, 0.3, 0.9, 0.999])
def test_a_truncated_file_is_refused(tmp_path: Path, pair: dict[str, Block], kept: float) -> None:
    file = saved(tmp_path / "role.npz", **pair)
    content = file.read_bytes()
    file.write_bytes(content[: int(len(content) * kept)])
    with pytest.raises(StudyError, match=r"role.npz: damaged, or not an NPZ file"):
        check_pair(file, SHAPE)


def test_an_array_shorter_or_longer_than_its_header_says_is_refused(
    tmp_path: Path, pair: dict[str, Block]
) -> None:
    whole = saved(tmp_path / "whole.npz", **pair)
    for change, complaint in (
        (lambda data: data[:-4], "ends early"),
        (lambda data: data + b"1234", "longer"),
    ):
        with zipfile.ZipFile(whole) as source, zipfile.ZipFile(tmp_path / "role.npz", "w") as archive:
            for name in source.namelist():
                archive.writestr(name, change(source.read(name)))
        with pytest.raises(StudyError, match=complaint):
            read(tmp_path / "role.npz")


def test_a_flipped_byte_anywhere_is_noticed_or_changes_nothing(tmp_path: Path) -> None:
    values = np.random.default_rng(1).random((4, 5), np.float32)
    file = tmp_path / "role.npz"
    np.savez_compressed(file, mean_features=values, max_features=values)
    content = file.read_bytes()
    noticed = 0
    for place in range(len(content)):
        file.write_bytes(content[:place] + bytes([content[place] ^ 0xFF]) + content[place + 1 :])
        try:
            ((_, mean, highest),) = read_pair(file, (4, 5))
        except StudyError as error:
            noticed += 1
            assert "\n" not in str(error)
        else:
            assert (mean == values).all() and (highest == values).all()
    assert noticed > len(content) / 2
