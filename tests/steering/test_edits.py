"""What an edit changes of a stream, and what it leaves as it is, to the bit."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM

from persona_assets.base.errors import StudyError
from persona_assets.models.places import Place, changed
from persona_assets.models.sae import Sae, load_sae
from persona_assets.steering.edits import Edit, Written, along, feature
from persona_assets.study.settings import SaeSettings
from persona_assets.study.settings.steering import Operation
from tests.places import TOY

OPERATIONS: tuple[Operation, ...] = ("add", "ablate", "cap", "floor")


@pytest.fixture(scope="module")
def sae() -> Sae:
    return load_sae(SaeSettings(path=str(TOY / "sae")))


@pytest.fixture(scope="module")
def model() -> Any:
    return AutoModelForCausalLM.from_pretrained(TOY / "model", dtype=torch.float32).eval()


@pytest.fixture(scope="module")
def stream(model: Any, sae: Sae) -> torch.Tensor:
    kept: list[torch.Tensor] = []
    with changed(place(model, sae), lambda stream: kept.append(stream) or stream), torch.inference_mode():
        model(input_ids=torch.arange(5, 105).reshape(2, 50))
    return kept[0].clone()


def place(model: Any, sae: Sae) -> Place:
    return Place(model.model.layers[sae.point.layer], "output")


def firing(sae: Sae, stream: torch.Tensor) -> tuple[int, torch.Tensor]:
    """A feature that fires on some tokens and not on others, and its codes [2, 50]."""
    codes = sae.encode(stream.flatten(0, 1))
    counts = (codes > 0).sum(dim=0)
    [some] = torch.where((counts > 5) & (counts < 60))
    best = some[codes[:, some].amax(dim=0).argmax()]
    return int(best), codes[:, best].reshape(stream.shape[:2])


def written(sae: Sae, of: int) -> Written:
    return feature(sae, "toy", of, sae.directions()[of])


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_nothing_changes_at_strength_0_or_where_a_feature_is_silent(
    sae: Sae, stream: torch.Tensor, dtype: torch.dtype
) -> None:
    stream = stream.to(dtype)
    of, _ = firing(sae, stream.float())
    silent = sae.encode(stream.float().flatten(0, 1))[:, of].reshape(stream.shape[:2]) == 0
    for operation, level in (("add", 0.0), ("cap", 1e6), ("floor", 0.0)):
        assert torch.equal(Edit(written(sae, of), operation, level)(stream), stream)  # type: ignore[arg-type]
    ablated = Edit(written(sae, of), "ablate", 0)(stream)
    assert ablated.dtype == dtype
    assert torch.equal(ablated[silent], stream[silent])
    assert not torch.equal(ablated[~silent], stream[~silent])


def test_what_is_put_in_is_read_back(sae: Sae, stream: torch.Tensor) -> None:
    of, before = firing(sae, stream)
    affine = sae.affine()
    assert affine is not None
    gain = float(affine.weights[of] @ sae.directions()[of])  # of a code, by a unit of what it writes
    after = sae.encode(Edit(written(sae, of), "add", 3.0)(stream).flatten(0, 1))[:, of].reshape(before.shape)
    active = before > 0
    assert (after - before)[active].numpy() == pytest.approx(3 * gain, rel=0.02)


def test_an_ablated_feature_takes_what_it_wrote_along_and_nothing_else(
    sae: Sae, stream: torch.Tensor
) -> None:
    of, codes = firing(sae, stream)
    gone = stream - Edit(written(sae, of), "ablate", 0)(stream)
    assert torch.allclose(gone, codes[..., None] * sae.directions()[of], atol=1e-5)


@pytest.mark.parametrize(("operation", "level"), [("cap", 0.4), ("floor", 0.6)])
def test_a_bound_is_kept_and_smaller_or_larger_amounts_stay(
    operation: Operation, level: float, sae: Sae, stream: torch.Tensor
) -> None:
    of, codes = firing(sae, stream)
    bound = level * float(codes.max())
    moved = (Edit(written(sae, of), operation, bound)(stream) - stream) @ sae.directions()[of]
    moved = moved / sae.directions()[of].square().sum()
    wanted = codes.clamp(max=bound) if operation == "cap" else codes.clamp(min=bound)
    assert torch.allclose(codes + moved, wanted, atol=1e-4)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_direction_is_edited_and_all_that_is_orthogonal_to_it_stays(
    operation: Operation, stream: torch.Tensor
) -> None:
    direction = torch.randn(stream.shape[-1], generator=torch.Generator().manual_seed(1)) * 7
    unit = direction / direction.norm()
    before = stream @ unit
    bound = float(before.median())
    edited = Edit(along(direction), operation, bound)(stream)
    expected = {
        "add": before + bound,
        "ablate": torch.zeros_like(before),
        "cap": before.clamp(max=bound),
        "floor": before.clamp(min=bound),
    }[operation]
    assert torch.allclose(edited @ unit, expected, atol=1e-5)
    rest = edited - (edited @ unit)[..., None] * unit
    assert torch.allclose(rest, stream - before[..., None] * unit, atol=1e-6)


def test_every_decoded_token_is_edited_once_under_a_cache(model: Any, sae: Sae) -> None:
    seen: list[int] = []

    def counting(stream: torch.Tensor) -> torch.Tensor:
        seen.append(stream.shape[1])
        return stream

    ids = torch.arange(5, 17)[None]
    with changed(place(model, sae), counting):
        answer = model.generate(input_ids=ids, max_new_tokens=6, min_new_tokens=6, do_sample=False)
    n_new = answer.shape[1] - ids.shape[1]
    assert seen == [12] + [1] * (n_new - 1)


def test_an_sae_that_writes_elsewhere_and_a_direction_without_length_are_refused(sae: Sae) -> None:
    class Elsewhere(type(sae)):  # type: ignore[misc]
        writes = None

    elsewhere = Elsewhere.__new__(Elsewhere)
    elsewhere.__dict__.update(sae.__dict__)
    with pytest.raises(StudyError, match=r"SAE toy: reads blocks\.\d+\.\w+ and writes nobody says where"):
        feature(elsewhere, "toy", 0, torch.ones(4))
    with pytest.raises(ValueError, match="without length"):
        along(torch.zeros(4))
