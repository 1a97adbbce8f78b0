"""Hook points: where in a transformer layer an SAE reads, by TransformerLens's names."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from persona_assets.base.errors import StudyError
from persona_assets.models.architectures import Architecture, architecture

if TYPE_CHECKING:
    import torch
    from torch import nn

Streams = dict["HookPoint", "torch.Tensor"]


@dataclass(frozen=True)
class HookPoint:
    """A stream of the residual width or of the heads: `site` of layer `layer` (from 0)."""

    layer: int
    site: str

    def __str__(self) -> str:
        return f"blocks.{self.layer}.{self.site}"


_NAME = re.compile(r"blocks\.(\d+)\.(.+)")


def hook_point(name: str | None, module: str | None, sae: str) -> HookPoint:
    """The hook point that an SAE's own metadata name. Raises StudyError where they name none, or not clearly.

    `module`: what transformers calls it, if they say.

    `hook_mlp_in` is the residual stream before the norm in TransformerLens, and what the MLP is given in
    Gemma Scope 2: it is served only where the metadata also hold the module's own name.
    """
    if not name:
        raise StudyError(
            f"SAE {sae}: its metadata name no hook; add `hook_name` to the metadata in its cfg.json"
        )
    match = _NAME.fullmatch(name)
    if match is None:
        raise StudyError(
            f"SAE {sae}: hook {name!r} is not of the form blocks.<layer>.<hook>; it is not served"
        )
    site = match[2]
    if site == "hook_mlp_in":
        if not (module or "").endswith("pre_feedforward_layernorm.output"):
            raise StudyError(
                f"SAE {sae}: hook {name!r} is ambiguous (before or after the norm?); it is not served"
            )
        site = "mlp.hook_in"
    return HookPoint(int(match[1]), site)


def check_site(point: HookPoint, config: Any, sae: str, backend: str = "transformers") -> None:
    """Raise StudyError where models of this configuration lack the site, or the backend cannot read it."""
    from persona_assets.study.backends import extraction_backend

    what = f"SAE {sae}: hook {str(point)!r}"
    architecture(config.model_type).check(point.site, config, what)
    described = extraction_backend(backend)
    if not described.reads(point.site, config.model_type):
        raise StudyError(
            f"{what} is not served by extraction.backend {backend}, which reads {described.reading} only; "
            "use extraction.backend transformers"
        )


def width(point: HookPoint, config: Any) -> int:
    """Return how wide the stream at `point` is in a model of this text configuration."""
    if point.site != "attn.hook_z":
        return config.hidden_size
    head = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    return config.num_attention_heads * head


def check_fits(point: HookPoint, d_in: int, name: str, config: Any, model: str) -> None:
    """Raise StudyError where the model lacks the SAE's layer, or its stream there has another width."""
    if point.layer >= config.num_hidden_layers:
        raise StudyError(
            f"SAE {name}: reads {point}, but model {model!r} has only layers 0 to "
            f"{config.num_hidden_layers - 1}; choose an SAE made for this model"
        )
    if d_in != width(point, config):
        raise StudyError(
            f"SAE {name}: d_in is {d_in}, but the stream at {point} of model {model!r} is "
            f"{width(point, config)} wide; choose an SAE made for this model"
        )


def output_layer(point: HookPoint) -> int | None:
    """Return the layer whose output the stream at `point` is; None where it is another stream than that."""
    layer = {"hook_resid_post": point.layer, "hook_resid_pre": point.layer - 1}.get(point.site)
    return None if layer is None or layer < 0 else layer


@contextmanager
def captured(layers: nn.ModuleList, known: Architecture, points: Iterable[HookPoint]) -> Iterator[Streams]:
    """While open, a forward pass leaves the stream at each point in the mapping given out.

    `float[batch, sequence, width]`. The hooks are gone when the block is left, however it is left.
    """
    streams: Streams = {}
    with ExitStack() as hooks:
        for point in points:
            tap = known.sites[point.site]
            module = layers[point.layer].get_submodule(tap.module)
            hooks.callback(_attach(module, tap.side, point, streams).remove)
        yield streams


def _attach(module: nn.Module, side: str, point: HookPoint, streams: Streams) -> Any:
    if side == "output":

        def keep_output(_module: nn.Module, _args: Any, _kwargs: Any, output: Any) -> None:
            streams[point] = output[0] if isinstance(output, tuple) else output

        return module.register_forward_hook(keep_output, with_kwargs=True)
    change: Callable[[torch.Tensor], torch.Tensor] = (
        (lambda stream: normalized(stream, module)) if side == "normalized" else (lambda stream: stream)
    )

    def keep_input(_module: nn.Module, args: Any, kwargs: Any) -> None:
        streams[point] = change(args[0] if args else kwargs["hidden_states"])

    return module.register_forward_pre_hook(keep_input, with_kwargs=True)


def normalized(stream: torch.Tensor, norm: Any) -> torch.Tensor:
    """Return what a norm makes of `stream` before its gain, in float32: TransformerLens's hook_normalized."""
    import torch

    stream = stream.float()
    if isinstance(norm, torch.nn.LayerNorm):
        return torch.nn.functional.layer_norm(stream, norm.normalized_shape, eps=norm.eps)
    eps: float = norm.eps if hasattr(norm, "eps") else norm.variance_epsilon
    return stream * torch.rsqrt(stream.pow(2).mean(-1, keepdim=True) + eps)
