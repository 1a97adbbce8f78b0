"""Linear layers whose weights are packed once as the processor's products read them, not at every step."""

from __future__ import annotations

import torch

from persona_assets.base.memory import give_back_freed


class PackedLinear(torch.nn.Module):
    """A linear layer on the CPU, for inference only. `weight` is oneDNN's own layout of the same shape."""

    def __init__(self, linear: torch.nn.Linear, n_rows: int) -> None:
        super().__init__()
        self.in_features, self.out_features = linear.in_features, linear.out_features
        self.weight = torch.ops.mkldnn._reorder_linear_weight(linear.weight.detach(), n_rows)
        self.bias = None if linear.bias is None else linear.bias.detach()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return `x`, `[..., in_features]`, times the weight, plus the bias."""
        return torch.ops.mkldnn._linear_pointwise(x, self.weight, self.bias, "none", [], "")


def pack_linear_layers(model: torch.nn.Module, n_rows: int) -> None:
    """Pack every linear layer of `model` that oneDNN can run, for steps of about `n_rows` tokens.

    Layers on a GPU, of another dtype or of a class of their own stay as they are.
    """
    if not torch.backends.mkldnn.is_available():
        return
    for module in list(model.modules()):
        for name, child in list(module.named_children()):
            if type(child) is torch.nn.Linear and _can_be_packed(child.weight):
                setattr(module, name, PackedLinear(child, n_rows))
    give_back_freed()  # the weights as they were: as much again


def _can_be_packed(weight: torch.Tensor) -> bool:
    if weight.dtype == torch.bfloat16 and not torch.ops.mkldnn._is_mkldnn_bf16_supported():
        return False
    return weight.device.type == "cpu" and weight.dtype in (torch.float32, torch.bfloat16)
