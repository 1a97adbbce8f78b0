"""Files of assistant-axis: what they hold of a layer, and what is refused."""

from __future__ import annotations

import io
import os
import random
from pathlib import Path
from typing import Any

import pytest
import torch

from persona_assets.base.errors import StudyError
from persona_assets.vectors.published import read_axis, read_origin, read_role_vector

ROWS = torch.arange(1.0, 13).reshape(4, 3)
NAN = torch.full((1, 3), torch.nan)


class Runs:
    """What a pickle would run when it is loaded."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.file),)


def read(file: Path, n_layers: int = 4) -> Any:
    return read_axis(file, layer=2, width=3, n_layers=n_layers)


def saved(content: Any) -> bytes:
    file = io.BytesIO()
    torch.save(content, file)
    return file.getvalue()


@pytest.mark.parametrize(
    "content",
    [ROWS, ROWS.bfloat16(), {"axis": ROWS, "default_mean": ROWS, "n_roles": 3}],
)
def test_the_row_of_the_layer_is_read(content: Any, tmp_path: Path) -> None:
    file = tmp_path / "one.pt"
    torch.save(content, file)
    found = read(file)
    assert found.tolist() == [7, 8, 9] and found.dtype == "float32"


def test_a_roles_vector_and_what_it_leads_from_are_read_of_their_own_kinds_of_files(tmp_path: Path) -> None:
    file, of = tmp_path / "one.pt", {"layer": 2, "width": 3, "n_layers": 4}
    axis, role = {"axis": -ROWS, "role_mean": ROWS}, {"vector": ROWS, "type": "pos_3"}
    for content, readers in (
        (ROWS, (read_role_vector, read_origin)),
        (role, (read_role_vector, read_origin)),
    ):
        torch.save(content, file)
        assert [reader(file, **of).tolist() for reader in readers] == [[7, 8, 9]] * 2
    torch.save(axis, file)
    assert read_origin(file, **of).tolist() == [7, 8, 9]
    with pytest.raises(StudyError, match=r"one\.pt: is an axis, and no vector of a role"):
        read_role_vector(file, **of)


def test_fewer_layers_are_another_models_unless_they_are_the_last_ones_alone(tmp_path: Path) -> None:
    file = tmp_path / "one.pt"
    torch.save(ROWS, file)
    with pytest.raises(StudyError, match="4 layers, 3 wide; the study's model has 40"):
        read(file, n_layers=40)
    torch.save({"axis": torch.cat([NAN, NAN, ROWS[2:3]])}, file)  # as `persona export` writes it
    assert read(file, n_layers=40).tolist() == [7, 8, 9]


def test_what_is_of_another_model_or_no_such_file_is_refused_and_no_code_is_run(tmp_path: Path) -> None:
    file, ran = tmp_path / "one.pt", tmp_path / "ran"
    lacking = ROWS.clone()
    lacking[2] = torch.nan
    for content, message in (
        (ROWS[:, :2].clone(), "4 layers, 2 wide; the study's model has 4, 3 wide"),
        (ROWS.repeat(2, 1), "8 layers, 3 wide"),
        (torch.cat([NAN, ROWS[:1]]), "nothing of layer 2"),
        (lacking, "nothing of layer 2"),
        (ROWS * 0, "nothing of layer 2"),
        (torch.zeros(0, 3), "0 layers"),
        (ROWS[0], r"no vector per layer .* but \[3\]"),
        (ROWS.int(), "no vector per layer"),
        ({"axis": "text"}, "but str"),
        ({"other": ROWS}, "but NoneType"),
        ({"vector": ROWS, "type": "pos_3", "role": "bard"}, "is the vector of a role, and no axis"),
        ({"vector": ROWS, "type": "pos_3"}, "is the vector of a role, and no axis"),
        (ROWS.to_sparse(), "no plain tensor"),
        (ROWS.to("meta"), "no plain tensor"),
        (Runs(ran), "no file of tensors and plain values alone"),
    ):
        torch.save(content, file)
        with pytest.raises(StudyError, match=rf"one\.pt: .*{message}"):
            read(file)
    assert not ran.exists()
    with pytest.raises(StudyError, match="cannot be read"):
        read(tmp_path / "none.pt")


def test_a_file_of_a_few_bytes_that_stands_for_many_numbers_is_refused_before_they_are_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "one.pt"
    torch.save(torch.zeros(1).bfloat16().expand(3_000, 30_000), file)
    assert file.stat().st_size < 2_000
    for name in ("float", "isnan"):
        monkeypatch.setattr(torch.Tensor, name, lambda *_: pytest.fail("the numbers are made"))
    with pytest.raises(StudyError, match="no plain tensor"):
        read_axis(file, layer=2, width=30_000, n_layers=3_000)


def test_no_malformed_file_is_more_than_a_line(tmp_path: Path) -> None:
    """Beginnings of files, and files of which bytes are others; those that hold the axis still are read."""
    file, chance, whole = tmp_path / "one.pt", random.Random(0), saved({"axis": ROWS})
    tried = [b"", b".", b"\x80\x02M.", b"\x80\x02]K\x01s.", *(whole[:n] for n in range(0, len(whole), 97))]
    for _ in range(200):
        mutated = bytearray(whole)
        for _ in range(3):
            mutated[chance.randrange(len(mutated))] = chance.randrange(256)
        tried.append(bytes(mutated))
    n_refused = 0
    for content in tried:
        file.write_bytes(content)
        try:
            read(file)
        except StudyError as error:
            n_refused += 1
            assert "\n" not in str(error)
    assert 20 < n_refused < len(tried)
