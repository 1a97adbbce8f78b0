"""A cap in a model: what it holds and leaves, in our hook, in the documented one, and in assistant-axis's."""

from __future__ import annotations

import re
import warnings
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from transformers import AutoModelForCausalLM

from persona_assets.base.errors import StudyError
from persona_assets.interchange.capping import write_capping_config
from persona_assets.models.places import Place, changed
from persona_assets.steering.calibrating import random_units
from persona_assets.steering.caps import FIRST_FORMAT, FORMAT, Cap, Floor, capped, read_cap, write_cap
from persona_assets.steering.edits import Edit, along_unit
from tests.places import PROJECT, TOY

IDS = torch.arange(5, 105).reshape(2, 50)
LAYER = 1


@pytest.fixture(scope="module")
def model() -> Any:
    return AutoModelForCausalLM.from_pretrained(TOY / "model", dtype=torch.float32).eval()


def stream(model: Any, ids: torch.Tensor = IDS, layer: int = LAYER) -> torch.Tensor:
    """What a layer, the one that is held, gives out, float32[batch, n, width]."""
    kept: list[torch.Tensor] = []
    with changed(Place(model.model.layers[layer], "output"), lambda one: kept.append(one.clone()) or one):
        model(input_ids=ids)
    return torch.cat(kept, dim=1)


@pytest.fixture(scope="module")
def floor(model: Any) -> Floor:
    """A floor at the median of some tokens' projections on a random direction."""
    return floor_of(model, LAYER, 2)


@torch.inference_mode()
def floor_of(model: Any, layer: int, seed: int) -> Floor:
    rows = stream(model, layer=layer)
    direction = torch.randn(rows.shape[-1], generator=torch.Generator().manual_seed(seed))
    direction /= direction.norm()
    return Floor(direction, float((rows @ direction).median()), layer)


@pytest.fixture(scope="module")
def cap(floor: Floor) -> Cap:
    return Cap((floor,), "toy/model", None, {"quantile": "0.5"})


@torch.inference_mode()
def logits(model: Any) -> torch.Tensor:
    found: torch.Tensor = model(input_ids=IDS).logits
    return found


@torch.inference_mode()
def test_a_floor_raises_what_lies_below_along_the_axis_alone_and_leaves_the_rest_to_the_bit(
    model: Any, cap: Cap, floor: Floor
) -> None:
    before = stream(model)
    with capped(model, cap):
        after = stream(model)
    along_it = before @ floor.direction
    low = along_it < floor.threshold
    assert 0 < low.sum() < low.numel()
    assert torch.equal(after[~low], before[~low])
    torch.testing.assert_close(
        (after @ floor.direction)[low], torch.full((int(low.sum()),), floor.threshold), atol=1e-5, rtol=0
    )
    moved = (after - before).double()
    away = moved - (moved @ floor.direction.double())[..., None] * floor.direction.double()
    assert away.abs().max() < 1e-6
    assert torch.equal(stream(model), before)  # the hook is gone


@torch.inference_mode()
def test_every_token_is_held_once_of_the_prompt_and_of_those_that_are_decoded(
    model: Any, cap: Cap, floor: Floor, monkeypatch: pytest.MonkeyPatch
) -> None:
    call, rows, after = Edit.__call__, list[int](), list[torch.Tensor]()

    def counted(self: Edit, given: torch.Tensor) -> torch.Tensor:
        rows.append(given.shape[1])
        after.append(call(self, given))
        return after[-1]

    monkeypatch.setattr(Edit, "__call__", counted)
    with capped(model, cap):
        answer = model.generate(IDS[:1, :20], max_new_tokens=12, min_new_tokens=12, do_sample=False)
    assert answer.shape[1] == 32
    assert rows == [20] + [1] * 11  # the last token is given out, and not read
    assert all(bool((one @ floor.direction >= floor.threshold - 1e-4).all()) for one in after)


def test_a_file_holds_the_cap_and_gives_the_same_bits(
    model: Any, cap: Cap, floor: Floor, tmp_path: Path
) -> None:
    file = tmp_path / "one-cap.safetensors"
    write_cap(cap, file)
    found = read_cap(file)
    [held] = found.floors
    assert torch.equal(held.direction, floor.direction) and found.key == cap.key
    assert replace(found, floors=()) == replace(cap, floors=()) and held.layer == LAYER
    assert held.threshold == pytest.approx(floor.threshold, rel=1e-6)
    plain = logits(model)
    with capped(model, file):
        under = logits(model)
    edit = Edit(along_unit(floor.direction), "floor", held.threshold)
    with changed(Place(model.model.layers[LAYER], "output"), edit):
        assert torch.equal(logits(model), under) and not torch.equal(plain, under)
    with capped(model, replace(cap, floors=(replace(floor, threshold=-1e9),))):
        assert torch.equal(logits(model), plain)


def test_a_file_of_the_first_form_is_read_as_it_was(cap: Cap, floor: Floor, tmp_path: Path) -> None:
    file, about = tmp_path / "old.safetensors", {"format": FIRST_FORMAT, "layer": "1", "model": "toy/model"}
    tensors = {"direction": floor.direction, "threshold": torch.tensor(floor.threshold)}
    save_file(tensors, file, {**about, "quantile": "0.5"})
    found = read_cap(file)
    assert found.key == cap.key and found.about == cap.about and found.model == cap.model
    for wrong in ("-1", "9" * 5000):
        save_file(tensors, file, {**about, "layer": wrong})
        with pytest.raises(StudyError, match=r"old\.safetensors: its layer is .* no whole number"):
            read_cap(file)


@torch.inference_mode()
def test_floors_of_several_layers_are_held_each_after_what_the_ones_below_have_left(
    model: Any, cap: Cap, floor: Floor, tmp_path: Path
) -> None:
    upper = floor_of(model, 4, 3)
    write_cap(replace(cap, floors=(floor, upper)), tmp_path / "cap.safetensors")
    both = read_cap(tmp_path / "cap.safetensors")
    assert both.key not in {cap.key, replace(cap, floors=(upper,)).key}
    with capped(model, cap):
        below = stream(model, layer=4)  # what the lower floor alone makes of the upper layer's output
    with capped(model, both):
        for one in both.floors:
            assert bool((stream(model, layer=one.layer) @ one.direction >= one.threshold - 1e-3).all())
        assert torch.equal(stream(model, layer=4), both.floors[1](below))
    low = stream(model, layer=4) @ upper.direction < upper.threshold  # the hooks are gone
    assert 0 < low.sum() < low.numel()


@torch.inference_mode()
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_the_documented_lines_hold_the_model_as_the_package_does(
    model: Any, cap: Cap, floor: Floor, dtype: torch.dtype, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To the same bits, along directions of which a second division by the length changes some."""
    page = (PROJECT / "docs/interventions.md").read_text()
    [snippet] = re.findall(r"```python\n(from safetensors.*?)```", page, re.DOTALL)
    monkeypatch.chdir(tmp_path)
    rows, changed_by_length, plain = stream(model).to(dtype), 0, logits(model)
    for direction in map(torch.from_numpy, random_units(rows.shape[-1], 20, 0)):
        changed_by_length += not torch.equal(direction, direction / direction.norm())
        known = replace(floor, direction=direction, threshold=float((rows.float() @ direction).median()))
        write_cap(replace(cap, floors=(known, replace(known, layer=4))), Path("smollm2-cap.safetensors"))
        names: dict[str, Any] = {"model": model}
        exec(snippet, names)
        by_hand = logits(model)
        for handle in names["handles"]:
            handle.remove()
        held = names["floor"](names["axes"][0], names["thresholds"][0])(None, (), rows)
        assert not torch.equal(held, rows) and not torch.equal(by_hand, plain)
        assert torch.equal(read_cap("smollm2-cap.safetensors").floors[0](rows), held)
        with capped(model, "smollm2-cap.safetensors"):
            assert torch.equal(logits(model), by_hand)
    assert changed_by_length > 0


@torch.inference_mode()
def test_in_bfloat16_a_token_lacks_little_of_the_threshold_after_it_is_raised(
    model: Any, floor: Floor
) -> None:
    """At most 3.3 % of the tokens' standard deviation along the axis, as the documentation says."""
    rows = stream(model).bfloat16().flatten(0, 1)
    lacking = floor.threshold - rows.float() @ floor.direction
    left = (floor.threshold - floor(rows).float() @ floor.direction)[lacking > 0]
    assert 1e-3 < left.max() < 0.033 * lacking.std()
    assert left.clamp(min=0).median() < 1e-3 * lacking.std()


def test_assistant_axis_holds_the_same_by_its_own_file(
    model: Any, cap: Cap, floor: Floor, tmp_path: Path
) -> None:
    """Its `build_capping_steerer` brings projections down to `cap`: h - max(h·v - cap, 0) v."""
    both = replace(cap, floors=(floor, floor_of(model, 2, 4)))
    experiment = write_capping_config(both, tmp_path / "cap.pt")
    config = torch.load(tmp_path / "cap.pt", weights_only=True)
    [one] = [found for found in config["experiments"] if found["id"] == experiment]

    def theirs(held: Any) -> Any:
        vector = config["vectors"][held["vector"]]["vector"]
        return lambda rows: rows - (rows @ vector - held["cap"]).clamp(min=0)[..., None] * vector

    with capped(model, both):
        ours = logits(model)
    with ExitStack() as open_:
        for held in one["interventions"]:
            layer = model.model.layers[config["vectors"][held["vector"]]["layer"]]
            open_.enter_context(changed(Place(layer, "output"), theirs(held)))
        torch.testing.assert_close(logits(model), ours, atol=1e-4, rtol=1e-4)
    assert experiment == "layers_1:3-p0.5" and one["id"] in str(config)
    apart = replace(cap, floors=(floor, replace(floor, layer=4)))
    assert write_capping_config(apart, tmp_path / "cap.pt") == "layers_1+4-p0.5"


def test_what_is_no_cap_or_of_another_model_is_refused_in_a_line(
    model: Any, cap: Cap, floor: Floor, tmp_path: Path
) -> None:
    file = tmp_path / "wrong.safetensors"
    about = {"format": FORMAT, "model": "toy"}
    rows = torch.stack([floor.direction, floor.direction])
    tensors = {"layers": torch.tensor([1, 4]), "directions": rows, "thresholds": torch.tensor([1.0, 2.0])}
    wrong: list[tuple[dict[str, Any], dict[str, str], str]] = [
        ({}, {}, "is no cap"),
        ({}, {"format": FIRST_FORMAT}, "is no cap"),
        ({"layers": None}, about, "is no cap"),
        ({"directions": 2 * rows}, about, "no vectors of length 1"),
        ({"directions": rows[0]}, about, "no vectors of length 1"),
        ({"directions": rows * torch.nan}, about, "no vectors of length 1"),
        ({"directions": rows.half()}, about, "no vectors of length 1"),
        ({"thresholds": torch.tensor([1.0, torch.nan])}, about, "no finite numbers"),
        ({"thresholds": torch.tensor([1.0])}, about, "no finite numbers"),
        ({"layers": torch.tensor([-1, 4])}, about, "no whole numbers"),
        ({"layers": torch.tensor([4, 4])}, about, "no whole numbers"),
        ({"layers": torch.tensor([1.0, 4.0])}, about, "no whole numbers"),
        ({"layers": torch.empty(0, dtype=torch.int64)}, about, "no whole numbers"),
    ]
    for changes, metadata, message in wrong:
        content = {name: one for name, one in (tensors | changes).items() if one is not None}
        save_file({name: one.clone() for name, one in content.items()}, file, metadata)
        with pytest.raises(StudyError, match=rf"wrong\.safetensors: .*{message}"):
            read_cap(file)
    file.write_bytes(b"\x80\x04no tensors")
    with pytest.raises(StudyError, match="cannot be read as safetensors"):
        read_cap(file)
    with pytest.raises(StudyError, match="is no file"):
        read_cap(tmp_path)
    for other in (replace(floor, layer=99), replace(floor, direction=torch.ones(3) / 3**0.5)):
        another = replace(cap, floors=(other,))
        with pytest.raises(StudyError, match="the model has layers 0 to "), capped(model, another):
            pass
    with (
        pytest.warns(UserWarning, match="measured on 'another'"),
        capped(model, replace(cap, model="another")),
    ):
        pass
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with capped(model, cap):
            pass
