"""The end of a language model, from the last stream to the logits: the final norm and the unembedding."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from persona_assets.base.errors import StudyError
from persona_assets.directions.weights import Weights
from persona_assets.models.architectures import architecture
from persona_assets.models.loading import loading

if TYPE_CHECKING:
    import torch
    from torch import nn

_ROWS = 4096  # of the unembedding at once
_LARGE = 1e3  # before it a norm's epsilon is nothing
_CLOSE = 1e-4  # how far a norm may be from a gain on what is centered and scaled


class NoLogitsError(StudyError):
    """A model or SAE whose features have no logits of this kind, and why."""


@dataclass(frozen=True)
class Head:
    """What makes logits of the last stream. `gain`: float32[width], the final norm's; `centers`: a LayerNorm,
    which takes the mean away first. `scale` multiplies the logits, and `softcap` bounds them last of all.
    """

    weights: Weights
    unembedding: str
    gain: torch.Tensor
    centers: bool
    scale: float
    softcap: float | None
    tied: bool

    @classmethod
    def of(cls, weights: Weights, config: Any) -> Head:
        """Return that of a model of this text configuration, of which only the final norm is read now.

        Raises NoLogitsError where the norm is of another kind, StudyError where a weight cannot be read.
        """
        import torch
        from transformers import AutoModelForCausalLM

        with loading(weights.model), torch.device("meta"):
            model = AutoModelForCausalLM.from_config(config)
        names = {module: name for name, module in model.named_modules()}
        tied = bool(config.tie_word_embeddings)
        ends = model.get_input_embeddings() if tied else model.get_output_embeddings()
        norm = _final_norm(model, architecture(config.model_type).layers)
        gain, centers = _gain(_filled(norm, names[norm], weights), config.hidden_size)
        return cls(
            weights,
            _held(weights, f"{names[ends]}.weight"),
            gain,
            centers,
            getattr(config, "logit_scale", 1.0) / getattr(config, "logits_scaling", 1.0),
            getattr(config, "final_logit_softcapping", None),
            tied,
        )

    def readers(self, n_tokens: int) -> Iterator[torch.Tensor]:
        """Yield what of the last stream each of the first `n_tokens` logits reads, float32[n, width].

        Times a change of the stream it is the logit's change, the norm's scale aside. Raises NoLogitsError
        where the unembedding is of another width.
        """
        n_read = 0
        for rows in self.weights.rows(self.unembedding, _ROWS):
            rows = rows[: n_tokens - n_read]
            if rows.shape[1] != len(self.gain):
                raise NoLogitsError("its unembedding is of another width than its stream")
            if len(rows) == 0:
                return
            n_read += len(rows)
            rows = rows * (self.gain * self.scale)
            yield rows - rows.mean(dim=1, keepdim=True) if self.centers else rows


def _held(weights: Weights, name: str) -> str:
    found = weights.find(name)
    if found is None:
        raise StudyError(f"model {weights.model!r}: its files hold no weight {name}; get them again")
    return found


def _final_norm(model: nn.Module, layers: str) -> nn.Module:
    """Return the one norm that stands beside the layers."""
    *above, _ = layers.split(".")
    beside = model.base_model.get_submodule(".".join(above))  # type: ignore[union-attr]
    found = [
        module
        for name, module in beside.named_children()
        if "Norm" in type(module).__name__ and "embed" not in name
    ]
    if len(found) != 1:
        raise NoLogitsError(f"its architecture has {len(found)} norms after its layers, not one")
    return found[0]


def _filled(norm: nn.Module, name: str, weights: Weights) -> nn.Module:
    """Return a copy of the norm with its weights, float32."""
    filled = copy.deepcopy(norm).to_empty(device="cpu").float()
    for own, parameter in filled.named_parameters():
        rows = list(weights.rows(_held(weights, f"{name}.{own}"), parameter.numel()))
        parameter.data = rows[0]
    return filled


def _gain(norm: nn.Module, width: int) -> tuple[torch.Tensor, bool]:
    """Return a norm's gain, float32[width], and whether it takes the mean away first.

    Asked of the norm itself, since some multiply by one more than their weight: of a vector of ±1, which has
    neither mean nor scale, it leaves the gain. Raises NoLogitsError for a norm that is not of that kind.
    """
    import torch

    signs = torch.ones(width)
    signs[1::2] = -1
    with torch.no_grad():
        gain = (norm(signs * _LARGE) - norm(-signs * _LARGE)) / 2 * signs
        seen = torch.randn(4, width, generator=torch.Generator().manual_seed(0)) * _LARGE + _LARGE
        given = norm(seen) - norm(torch.zeros(1, width))
        for centers in (False, True):
            kept = seen - seen.mean(dim=1, keepdim=True) if centers else seen
            expected = kept * kept.pow(2).mean(dim=1, keepdim=True).rsqrt() * gain
            if torch.allclose(given, expected, rtol=_CLOSE, atol=_CLOSE * float(gain.abs().max())):
                return gain, centers
    raise NoLogitsError(f"its final norm, a {type(norm).__name__}, is neither an RMSNorm nor a LayerNorm")
