"""What a direction adds to the logits, against forward passes of whole models with the norm's scale held."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM

from persona_assets.base.errors import StudyError
from persona_assets.directions.head import Head, NoLogitsError
from persona_assets.directions.weights import Weights
from persona_assets.models.architectures import architectures
from persona_assets.models.loading import text_config
from tests.models.architectures import quiet, tiny_config

IDS = torch.arange(5, 17)[None]
N_TOKENS = 60


@pytest.fixture(scope="module", autouse=True)
def _quiet() -> Any:
    with quiet():
        yield


def saved(family: str, folder: Path) -> Any:
    """A tiny model with a head, whose norms are no longer all ones, saved."""
    torch.manual_seed(0)
    config = tiny_config(family)
    if hasattr(config, "logits_scaling"):
        config.logits_scaling = 4.0  # Granite's, by itself 1
    model = AutoModelForCausalLM.from_config(config)
    for parameter in model.parameters():
        parameter.data += torch.randn_like(parameter) * 0.1
    model.save_pretrained(folder)
    return model.eval()


def final_norm(model: Any) -> Any:
    """The norm that is called last."""
    called: list[Any] = []
    hooks = [
        module.register_forward_hook(lambda module, *_: called.append(module))
        for module in model.modules()
        if "Norm" in type(module).__name__
    ]
    with torch.no_grad():
        model(input_ids=IDS)
    for hook in hooks:
        hook.remove()
    return called[-1]


def logits_with(model: Any, norm: Any, change: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The last token's logits where `change` is added before the final norm, and the norm's own scale there.

    The stream is made large first, so that the norm's epsilon is nothing; the scale is held at that without
    the change, and a cap of the logits is taken back.
    """
    seen: list[torch.Tensor] = []
    centers = isinstance(norm, torch.nn.LayerNorm) or "LayerNorm" in type(norm).__name__

    def scale(stream: torch.Tensor) -> torch.Tensor:
        kept = stream - stream.mean(-1, keepdim=True) if centers else stream
        return kept.pow(2).mean(-1, keepdim=True).sqrt()

    def before(_: Any, args: Any) -> Any:
        seen.append(args[0] * 1e4)
        return (seen[0] + change, *args[1:])

    def after(module: Any, args: Any, output: torch.Tensor) -> torch.Tensor:
        bias = getattr(module, "bias", None)
        nothing = 0 if bias is None else bias
        return (output - nothing) * scale(args[0]) / scale(seen[0]) + nothing

    hooks = [norm.register_forward_pre_hook(before), norm.register_forward_hook(after)]
    with torch.no_grad():
        logits = model(input_ids=IDS).logits[0, -1]
    for hook in hooks:
        hook.remove()
    cap = getattr(model.config, "final_logit_softcapping", None)
    return logits if cap is None else cap * torch.atanh(logits / cap), scale(seen[0])[0, -1]


@pytest.mark.parametrize("family", sorted(architectures()))
def test_a_direction_changes_the_logits_as_the_head_says(family: str, tmp_path: Path) -> None:
    model = saved(family, tmp_path)
    norm = final_norm(model)
    head = Head.of(Weights.of(str(tmp_path), None), text_config(str(tmp_path)))
    direction = torch.randn(len(head.gain), generator=torch.Generator().manual_seed(2))
    without, scale = logits_with(model, norm, torch.zeros(1))
    step = 1e4
    changed, _ = logits_with(model, norm, direction * step)
    expected = ((changed - without) / step * scale)[:N_TOKENS]
    found = torch.cat(list(head.readers(N_TOKENS))) @ direction
    assert len(found) == N_TOKENS
    assert float((found - expected).norm() / expected.norm()) < 1e-4


def test_a_norm_of_another_kind_is_refused_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    saved("llama", tmp_path)
    from transformers.models.llama.modeling_llama import LlamaRMSNorm

    monkeypatch.setattr(LlamaRMSNorm, "forward", lambda self, x: self.weight * torch.tanh(x))
    with pytest.raises(NoLogitsError, match="LlamaRMSNorm, is neither an RMSNorm nor a LayerNorm"):
        Head.of(Weights.of(str(tmp_path), None), text_config(str(tmp_path)))


def test_weights_that_are_not_here_are_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="not on this machine"):
        Weights.of("nobody/nothing", None)
    (tmp_path / "model.safetensors.index.json").write_text('{"weight_map": {"a.weight": "gone.safetensors"}}')
    with pytest.raises(StudyError, match=r"its file gone\.safetensors is not on this machine"):
        list(Weights.of(str(tmp_path), None).rows("a.weight", 4))
