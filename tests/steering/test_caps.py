"""A cap in a model: what it holds and leaves, in our hook, in the documented one, and in assistant-axis's."""

from __future__ import annotations

import re
import warnings
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
from persona_assets.steering.caps import FORMAT, Cap, capped, read_cap, write_cap
from persona_assets.steering.edits import Edit, along_unit
from tests.places import PROJECT, TOY

IDS = torch.arange(5, 105).reshape(2, 50)
LAYER = 1


@pytest.fixture(scope="module")
def model() -> Any:
    return AutoModelForCausalLM.from_pretrained(TOY / "model", dtype=torch.float32).eval()


def stream(model: Any, ids: torch.Tensor = IDS) -> torch.Tensor:
    """What the layer that is held gives out, float32[batch, n, width]."""
    kept: list[torch.Tensor] = []
    with changed(Place(model.model.layers[LAYER], "output"), lambda one: kept.append(one.clone()) or one):
        model(input_ids=ids)
    return torch.cat(kept, dim=1)


@pytest.fixture(scope="module")
def cap(model: Any) -> Cap:
    """A floor at the median of some tokens' projections on a random direction."""
    with torch.inference_mode():
        rows = stream(model)
    direction = torch.randn(rows.shape[-1], generator=torch.Generator().manual_seed(2))
    direction /= direction.norm()
    return Cap(direction, float((rows @ direction).median()), LAYER, "toy/model", None, {"quantile": "0.5"})


@torch.inference_mode()
def logits(model: Any) -> torch.Tensor:
    found: torch.Tensor = model(input_ids=IDS).logits
    return found


@torch.inference_mode()
def test_a_floor_raises_what_lies_below_along_the_axis_alone_and_leaves_the_rest_to_the_bit(
    model: Any, cap: Cap
) -> None:
    before = stream(model)
    with capped(model, cap):
        after = stream(model)
    along_it = before @ cap.direction
    low = along_it < cap.threshold
    assert 0 < low.sum() < low.numel()
    assert torch.equal(after[~low], before[~low])
    torch.testing.assert_close(
        (after @ cap.direction)[low], torch.full((int(low.sum()),), cap.threshold), atol=1e-5, rtol=0
    )
    moved = (after - before).double()
    away = moved - (moved @ cap.direction.double())[..., None] * cap.direction.double()
    assert away.abs().max() < 1e-6
    assert torch.equal(stream(model), before)  # the hook is gone


@torch.inference_mode()
def test_every_token_is_held_once_of_the_prompt_and_of_those_that_are_decoded(
    model: Any, cap: Cap, monkeypatch: pytest.MonkeyPatch
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
    assert all(bool((one @ cap.direction >= cap.threshold - 1e-4).all()) for one in after)


def test_a_file_holds_the_cap_and_gives_the_same_bits(model: Any, cap: Cap, tmp_path: Path) -> None:
    file = tmp_path / "one-cap.safetensors"
    write_cap(cap, file)
    found = read_cap(file)
    assert torch.equal(found.direction, cap.direction) and found.key == cap.key
    assert replace(found, direction=cap.direction, threshold=0.0) == replace(cap, threshold=0.0)
    assert found.threshold == pytest.approx(cap.threshold, rel=1e-6)
    plain = logits(model)
    with capped(model, file):
        held = logits(model)
    edit = Edit(along_unit(cap.direction), "floor", found.threshold)
    with changed(Place(model.model.layers[LAYER], "output"), edit):
        assert torch.equal(logits(model), held) and not torch.equal(plain, held)
    with capped(model, replace(cap, threshold=-1e9)):
        assert torch.equal(logits(model), plain)


@torch.inference_mode()
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_the_documented_lines_hold_the_model_as_the_package_does(
    model: Any, cap: Cap, dtype: torch.dtype, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To the same bits, along directions of which a second division by the length changes some."""
    page = (PROJECT / "docs/interventions.md").read_text()
    [snippet] = re.findall(r"```python\n(from safetensors.*?)```", page, re.DOTALL)
    monkeypatch.chdir(tmp_path)
    rows, changed_by_length = stream(model).to(dtype), 0
    for direction in map(torch.from_numpy, random_units(rows.shape[-1], 20, 0)):
        changed_by_length += not torch.equal(direction, direction / direction.norm())
        known = replace(cap, direction=direction, threshold=float((rows.float() @ direction).median()))
        write_cap(known, Path("smollm2-cap.safetensors"))
        names: dict[str, Any] = {"model": model}
        exec(snippet, names)
        names["handle"].remove()
        held = names["floor"](None, (), rows)
        assert not torch.equal(held, rows)
        assert torch.equal(read_cap("smollm2-cap.safetensors")(rows), held)
    assert changed_by_length > 0
    handle = names["model"].model.layers[names["layer"]].register_forward_hook(names["floor"])
    by_hand = logits(model)
    handle.remove()
    with capped(model, "smollm2-cap.safetensors"):
        assert torch.equal(logits(model), by_hand)


@torch.inference_mode()
def test_in_bfloat16_a_token_lacks_little_of_the_threshold_after_it_is_raised(model: Any, cap: Cap) -> None:
    """At most 3.3 % of the tokens' standard deviation along the axis, as the documentation says."""
    rows = stream(model).bfloat16().flatten(0, 1)
    lacking = cap.threshold - rows.float() @ cap.direction
    left = (cap.threshold - cap(rows).float() @ cap.direction)[lacking > 0]
    assert 1e-3 < left.max() < 0.033 * lacking.std()
    assert left.clamp(min=0).median() < 1e-3 * lacking.std()


def test_assistant_axis_holds_the_same_by_its_own_file(model: Any, cap: Cap, tmp_path: Path) -> None:
    """Its `build_capping_steerer` brings projections down to `cap`: h - max(h·v - cap, 0) v."""
    experiment = write_capping_config(cap, tmp_path / "cap.pt")
    config = torch.load(tmp_path / "cap.pt", weights_only=True)
    [one] = [found for found in config["experiments"] if found["id"] == experiment]
    [held] = one["interventions"]
    vector, layer = config["vectors"][held["vector"]].values()

    def theirs(rows: torch.Tensor) -> torch.Tensor:
        excess = (rows @ vector - held["cap"]).clamp(min=0)
        return rows - excess[..., None] * vector

    with capped(model, cap):
        ours = logits(model)
    with changed(Place(model.model.layers[layer], "output"), theirs):
        torch.testing.assert_close(logits(model), ours, atol=1e-4, rtol=1e-4)
    assert experiment == "layers_1:2-p0.5" and one["id"] in str(config)


def test_what_is_no_cap_or_of_another_model_is_refused_in_a_line(
    model: Any, cap: Cap, tmp_path: Path
) -> None:
    file = tmp_path / "wrong.safetensors"
    about = {"format": FORMAT, "layer": "1", "model": "toy"}
    tensors = {"direction": cap.direction, "threshold": torch.tensor(1.0)}
    for content, metadata, message in (
        (tensors, {}, "is no cap"),
        ({"direction": cap.direction}, about, "is no cap"),
        ({**tensors, "direction": 2 * cap.direction}, about, "no vector of length 1"),
        ({**tensors, "direction": cap.direction.half()}, about, "no vector of length 1"),
        ({**tensors, "threshold": torch.tensor(torch.nan)}, about, "no finite number"),
        (tensors, {**about, "layer": "-1"}, "no whole number"),
        (tensors, {**about, "layer": "9" * 5000}, "no whole number"),
    ):
        save_file(content, file, metadata)
        with pytest.raises(StudyError, match=rf"wrong\.safetensors: .*{message}"):
            read_cap(file)
    file.write_bytes(b"\x80\x04no tensors")
    with pytest.raises(StudyError, match="cannot be read as safetensors"):
        read_cap(file)
    with pytest.raises(StudyError, match="is no file"):
        read_cap(tmp_path)
    for other in (replace(cap, layer=99), replace(cap, direction=torch.ones(3) / 3**0.5)):
        with pytest.raises(StudyError, match="the model has layers 0 to "), capped(model, other):
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
