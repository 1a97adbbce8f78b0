"""Many edits as one: the rows of a stream, each under its own edit, against one edit after the other."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from persona_assets.models.sae import Sae, load_sae
from persona_assets.steering.edit_table import EditTable, packed, reads_features
from persona_assets.steering.edits import Edit, Written, along, along_unit, feature
from persona_assets.study.settings import SaeSettings
from tests.extract.tiny import D_MODEL, random_sae
from tests.steering.test_edits import OPERATIONS


@pytest.fixture(params=["jumprelu", "topk"])
def sae(request: pytest.FixtureRequest, tmp_path: Path) -> Sae:
    """One whose features are read alone, and one that has to encode."""
    options = {"k": 9} if request.param == "topk" else {}
    return load_sae(SaeSettings(path=random_sae(tmp_path / "sae", request.param, **options)))


def edits_of(sae: Sae) -> list[Edit]:
    random = torch.Generator().manual_seed(1)
    directions = sae.directions()
    written = [feature(sae, "tiny", one, directions[one]) for one in (3, 40)]
    elsewhere = along(torch.randn(D_MODEL, generator=random)).row * 2
    written += [Written(elsewhere, written[0].amounts, 3), along(torch.randn(D_MODEL, generator=random))]
    edits = [Edit(of, operation, 0.4) for of in written for operation in OPERATIONS]
    return [*edits, Edit(along_unit(torch.zeros(D_MODEL)), "add", 0.0)]


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_each_row_is_changed_by_its_own_edit_and_rows_whose_amount_stays_keep_their_bits(
    sae: Sae, dtype: torch.dtype
) -> None:
    edits = edits_of(sae)
    which = torch.arange(len(edits)).repeat(20)[torch.randperm(20 * len(edits))]
    stream = torch.randn(len(which), D_MODEL, generator=torch.Generator().manual_seed(2)).to(dtype)
    found = EditTable.unpacked(packed(edits), sae, "cpu")(stream, which)
    for place, edit in enumerate(edits):
        of_edit = which == place
        expected, alone = edit(stream[of_edit]), found[of_edit]
        same = (expected == stream[of_edit]).all(dim=-1)
        assert torch.equal((alone == stream[of_edit]).all(dim=-1), same)
        assert same.any() or edit.operation not in ("ablate", "cap") or edit.written.feature_id is None
        torch.testing.assert_close(alone, expected, rtol=1e-5 if dtype == torch.float32 else 8e-3, atol=1e-5)
    assert found.dtype == dtype and not torch.equal(found, stream)


def test_an_sae_is_asked_only_where_features_are_read() -> None:
    edits = [Edit(along(torch.tensor([3.0, 4.0])), "floor", 1.0)]
    assert not reads_features(packed(edits))
    stream = torch.tensor([[0.0, 0.0], [5.0, 5.0]])
    found = EditTable.unpacked(packed(edits), None, "cpu")(stream, torch.tensor([0, 0]))
    torch.testing.assert_close(found, torch.tensor([[0.6, 0.8], [5.0, 5.0]]))


def test_an_sae_that_has_to_encode_is_shown_a_slice_after_the_other_of_the_rows_that_it_reads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sae = load_sae(SaeSettings(path=random_sae(tmp_path / "sae", "topk", k=9)))
    written, shown = feature(sae, "tiny", 3, sae.directions()[3]), list[int]()
    edits = [
        Edit(written, "ablate", 0.0),
        Edit(written, "add", 1.0),
        Edit(along(torch.ones(D_MODEL)), "cap", 0.1),
    ]
    which = torch.arange(3).repeat(1_500)
    stream = torch.randn(len(which), D_MODEL, generator=torch.Generator().manual_seed(3))
    table = EditTable.unpacked(packed(edits), sae, "cpu")
    expected = torch.cat([table(*part) for part in zip(stream.split(500), which.split(500), strict=True)])
    encode = sae.encode

    def counted(rows: torch.Tensor) -> torch.Tensor:
        shown.append(len(rows))
        return encode(rows)

    monkeypatch.setattr(sae, "encode", counted)
    torch.testing.assert_close(table(stream, which), expected)
    assert max(shown) <= 1_024 and sum(shown) == 1_500
