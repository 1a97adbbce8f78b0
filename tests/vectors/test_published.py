"""Files of assistant-axis: what they hold of a layer, and what is refused."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import torch

from persona_assets.base.errors import StudyError
from persona_assets.vectors.published import read_published

ROWS = torch.arange(1.0, 13).reshape(4, 3)


class Runs:
    """What a pickle would run when it is loaded."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.file),)


@pytest.mark.parametrize(
    ("content", "role"),
    [
        (ROWS, None),
        (ROWS.bfloat16(), None),
        ({"axis": ROWS, "default_mean": ROWS, "n_roles": 3}, None),
        ({"vector": ROWS, "type": "pos_3", "role": "bard"}, "bard"),
    ],
)
def test_the_row_of_the_layer_is_read_of_an_axis_and_of_a_role(
    content: Any, role: str | None, tmp_path: Path
) -> None:
    file = tmp_path / "one.pt"
    torch.save(content, file)
    found = read_published(file, layer=2, width=3, n_layers=4)
    assert found.vector.tolist() == [7, 8, 9] and found.vector.dtype == "float32" and found.role == role


def test_what_is_of_another_model_or_no_such_file_is_refused_and_no_code_is_run(tmp_path: Path) -> None:
    file, ran = tmp_path / "one.pt", tmp_path / "ran"
    lacking = ROWS.clone()
    lacking[2] = torch.nan
    for content, message in (
        (ROWS[:, :2], "4 layers, 2 wide; the study's model has 4, 3 wide"),
        (ROWS.repeat(2, 1), "8 layers, 3 wide"),
        (ROWS[:2], "nothing of layer 2"),
        (lacking, "nothing of layer 2"),
        (ROWS * 0, "nothing of layer 2"),
        (ROWS[0], r"no vector per layer .* but \[3\]"),
        (ROWS.int(), "no vector per layer"),
        ({"axis": "text"}, "but str"),
        ({"other": ROWS}, "but NoneType"),
        (Runs(ran), "no file of tensors and plain values alone"),
    ):
        torch.save(content, file)
        with pytest.raises(StudyError, match=rf"one\.pt: .*{message}"):
            read_published(file, layer=2, width=3, n_layers=4)
    assert not ran.exists()
    file.write_bytes(b"")
    with pytest.raises(StudyError, match="no file of tensors"):
        read_published(file, layer=2, width=3, n_layers=4)
    with pytest.raises(StudyError, match="cannot be read"):
        read_published(tmp_path / "none.pt", layer=2, width=3, n_layers=4)
