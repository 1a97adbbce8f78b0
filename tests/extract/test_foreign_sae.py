from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from sae_lens import BatchTopKTrainingSAE, BatchTopKTrainingSAEConfig, TrainingSAE
from sae_lens.saes.sae import SAEMetadata
from safetensors.torch import load_file, save_file

from persona_assets.base.errors import StudyError
from persona_assets.models.foreign_sae import refuse_foreign
from persona_assets.models.sae import load_sae, sae_width
from persona_assets.study.settings import SaeSettings
from tests.extract.tiny import random_sae

DOCS = Path(__file__).parents[2] / "docs/formats.md"
D_IN, D_SAE = 12, 20


def weights() -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(4)
    shapes = {"W_enc": (D_IN, D_SAE), "W_dec": (D_SAE, D_IN), "b_enc": (D_SAE,), "b_dec": (D_IN,)}
    return {name: torch.randn(shape, generator=generator) for name, shape in shapes.items()}


def dictionary_learning(folder: Path) -> None:
    own = weights()
    state = {
        "encoder.weight": own["W_enc"].T.contiguous(),
        "encoder.bias": own["b_enc"],
        "decoder.weight": own["W_dec"].T.contiguous(),
        "bias": own["b_dec"],
    }
    torch.save(state, folder / "ae.pt")
    (folder / "config.json").write_text(json.dumps({"trainer": {"dict_class": "AutoEncoder", "layer": 3}}))


def gemma_scope(folder: Path) -> None:
    threshold = np.abs(np.random.default_rng(0).normal(size=D_SAE)).astype(np.float32)
    np.savez(
        folder / "params.npz",
        **{name: weight.numpy() for name, weight in weights().items()},
        threshold=threshold,
    )


def sparsify(folder: Path) -> None:
    own = weights()
    state = {
        "encoder.weight": own["W_enc"].T.contiguous(),
        "encoder.bias": own["b_enc"],
        "W_dec": own["W_dec"],
        "b_dec": own["b_dec"],
    }
    save_file(state, folder / "sae.safetensors")
    config = {"d_in": D_IN, "num_latents": D_SAE, "k": 4, "expansion_factor": 2, "signed": False}
    (folder / "cfg.json").write_text(json.dumps(config))


def shards(folder: Path) -> None:
    random_sae(folder)
    own = load_file(folder / "sae_weights.safetensors")
    (folder / "sae_weights.safetensors").unlink()
    for number, name in enumerate(sorted(own), start=1):
        save_file({name: own[name]}, folder / f"sae_weights-{number:05}-of-{len(own):05}.safetensors")


def runner(folder: Path) -> None:
    for step in ("final_100", "50"):
        random_sae(folder / step)


Maker = Callable[[Path], None]


@pytest.mark.parametrize(
    ("make", "complaint"),
    [
        (dictionary_learning, "ae.pt looks like dictionary_learning; docs/formats.md shows how"),
        (gemma_scope, "params.npz looks like Gemma Scope; name its release and id, or docs/formats.md"),
        (sparsify, "sae.safetensors looks like sparsify; docs/formats.md shows how"),
        (shards, "sae_weights-00001-of-0000.* looks like an SAE in several parts; join the parts"),
        (runner, "2 of its folders hold an SAE: 50, final_100; name one of them"),
    ],
)
@pytest.mark.parametrize("read", [load_sae, sae_width], ids=["loading", "width"])
def test_a_folder_of_another_form_is_named_for_what_it_is(
    make: Maker, complaint: str, read: Callable[[SaeSettings], object], tmp_path: Path
) -> None:
    make(tmp_path)
    with pytest.raises(StudyError, match=f"SAE {tmp_path}: is not in SAELens's format.*{complaint}") as error:
        read(SaeSettings(path=str(tmp_path)))
    assert "\n" not in str(error.value)


def test_an_sae_as_it_is_trained_is_refused_with_the_call_that_converts_it(tmp_path: Path) -> None:
    metadata = SAEMetadata(hook_name="blocks.1.hook_resid_pre")
    sae = BatchTopKTrainingSAE(BatchTopKTrainingSAEConfig(d_in=D_IN, d_sae=D_SAE, k=4, metadata=metadata))
    sae.save_model(tmp_path / "trained")
    with pytest.raises(StudyError, match="architecture batchtopk is one of training; convert it by") as error:
        load_sae(SaeSettings(path=str(tmp_path / "trained")))
    assert f'TrainingSAE.load_from_disk("{tmp_path / "trained"}").save_inference_model(' in str(error.value)
    TrainingSAE.load_from_disk(tmp_path / "trained").save_inference_model(tmp_path / "converted")
    converted = load_sae(SaeSettings(path=str(tmp_path / "converted")))
    assert converted.sae.cfg.architecture() == "jumprelu"


def test_metadata_that_saelens_would_pass_over_are_refused_with_what_is_missing(tmp_path: Path) -> None:
    folder = random_sae(tmp_path / "sae")
    file = tmp_path / "sae" / "cfg.json"
    config = json.loads(file.read_text())
    del config["metadata"]["sae_lens_version"]
    file.write_text(json.dumps(config))
    with pytest.raises(StudyError, match='add "sae_lens_version": "6.0.0" to `metadata`'):
        load_sae(SaeSettings(path=folder))
    config["metadata"]["sae_lens_version"] = "6.0.0"
    file.write_text(json.dumps(config))
    assert load_sae(SaeSettings(path=folder)).sae.cfg.metadata.hook_name == "blocks.2.hook_resid_post"


def test_a_flat_configuration_from_before_version_6_is_left_to_saelens(tmp_path: Path) -> None:
    folder = random_sae(tmp_path / "sae", architecture="standard")
    file = tmp_path / "sae" / "cfg.json"
    config = json.loads(file.read_text())
    flat = {key: value for key, value in config.items() if key != "metadata"}
    file.write_text(json.dumps(flat | {"hook_name": "blocks.1.hook_resid_pre"}))
    assert load_sae(SaeSettings(path=folder)).sae.cfg.metadata.hook_name == "blocks.1.hook_resid_pre"


def test_a_folder_of_no_known_form_passes(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("nothing")
    refuse_foreign(tmp_path)


def recipes() -> dict[str, str]:
    """The blocks of Python in docs/formats.md, by the file each reads."""
    blocks = re.findall(r"```python\n(.*?)```", DOCS.read_text(), re.DOTALL)
    return {re.findall(r'"([\w.]+\.\w+)"', block)[0]: block for block in blocks}


@pytest.mark.parametrize(
    ("make", "file"),
    [(dictionary_learning, "ae.pt"), (gemma_scope, "params.npz"), (sparsify, "sae.safetensors")],
)
def test_the_recipes_of_the_docs_convert_what_they_say(
    make: Maker, file: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(tmp_path)
    monkeypatch.chdir(tmp_path)
    exec(recipes()[file], {})
    sae = load_sae(SaeSettings(path=str(tmp_path / "converted")))
    rows = torch.randn((5, D_IN), generator=torch.Generator().manual_seed(1))
    own = weights()
    if file == "ae.pt":
        expected = torch.relu((rows - own["b_dec"]) @ own["W_enc"] + own["b_enc"])
    elif file == "params.npz":
        pre = rows @ own["W_enc"] + own["b_enc"]
        threshold = torch.from_numpy(np.load(tmp_path / "params.npz")["threshold"])
        expected = torch.where(pre > threshold, pre, 0)
    else:
        pre = torch.relu((rows - own["b_dec"]) @ own["W_enc"] + own["b_enc"])
        expected = torch.where(pre >= pre.topk(4).values[:, -1:], pre, 0)
    torch.testing.assert_close(sae.encode(rows), expected)
    assert sae.sae.cfg.metadata.hook_name == "blocks.3.hook_resid_post"
    assert sae_width(SaeSettings(path=str(tmp_path / "converted"))) == D_SAE
