"""What extraction needs of a language model: its text layers up to the highest SAE's, seldom all of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from transformers import DynamicCache

from persona_assets.base.errors import StudyError
from persona_assets.extract.conversation import Conversation
from persona_assets.models.architectures import Architecture, architecture
from persona_assets.models.hooks import HookPoint, Streams, captured
from persona_assets.models.loading import loading, weights_of
from persona_assets.models.places import Place

# Tokens read at once: an attention mask of all tokens by all tokens would grow by the square of their number.
CHUNK = 2048

# Multimodal Gemma 3 keeps its text model under either prefix; loaded without this, its tensors would all
# be missing (and are therefore asserted below).
_TEXT_MODEL = r"^(model\.language_model|language_model\.model)\."
_TEXT_WEIGHTS = {_TEXT_MODEL: ""}
_WHOLE_WEIGHTS = {_TEXT_MODEL: "model.", r"^language_model\.lm_head\.": "lm_head."}


class _EnoughError(Exception):
    """The layers that are read have run; the others need not."""


@dataclass
class Backbone:
    """A text model cut off above the layers in use, and what is known of its architecture.

    Of a whole one, which predicts tokens (`causal`), only the first `n_layers` run where streams are read.
    """

    model: Any
    architecture: Architecture
    device: torch.device
    n_layers: int
    causal: Any = None

    @property
    def layers(self) -> Any:
        """The layers that were loaded."""
        return self.model.get_submodule(self.architecture.layers)

    @classmethod
    def load(
        cls,
        model: str,
        revision: str | None,
        config: Any,
        n_layers: int,
        dtype: str,
        device: str,
        *,
        whole: bool = False,
    ) -> Backbone:
        """The first `n_layers` layers of `model`, whose whole text configuration is `config` (it is changed).

        No vision tower is loaded, and no head unless the `whole` model is. Raises StudyError where a weight
        is missing.
        """
        from transformers import AutoModel, AutoModelForCausalLM

        if not whole:
            cut(config, n_layers)
        # Only the eager attention applies Gemma 2's soft cap to its logits.
        attention = "eager" if getattr(config, "attn_logit_softcapping", None) else None
        with loading(model):
            loaded, report = (AutoModelForCausalLM if whole else AutoModel).from_pretrained(
                **weights_of(model, revision),
                config=config,
                dtype=dtype,
                attn_implementation=attention,
                key_mapping=_WHOLE_WEIGHTS if whole else _TEXT_WEIGHTS,
                output_loading_info=True,
            )
        _assert_complete(model, report)
        loaded = loaded.to(device).eval().requires_grad_(False)
        text_model, causal = (loaded.base_model, loaded) if whole else (loaded, None)
        return cls(text_model, architecture(config.model_type), torch.device(device), n_layers, causal)

    @torch.inference_mode()
    def selected_rows(
        self, conversations: Sequence[Conversation], points: Sequence[HookPoint]
    ) -> dict[HookPoint, torch.Tensor]:
        """One forward pass: for each point the selected tokens' rows, `float[n_selected in all, width]`.

        Conversations are padded on the right, where causal attention lets no real token see the padding.
        Those longer than `CHUNK` tokens are read piece by piece, keys and values of the earlier ones kept.
        """
        ids, rows = self.padded(conversations)
        chunks = ids.split(CHUNK, dim=1)
        cache = DynamicCache(config=self.model.config) if len(chunks) > 1 else None
        read: list[Streams] = []
        with captured(self.layers, self.architecture, points) as streams, self._only_layers_in_use():
            for chunk in chunks:
                with suppress(_EnoughError):
                    self.model(input_ids=chunk, use_cache=cache is not None, past_key_values=cache)
                read.append(dict(streams))
        return {point: _whole([part[point] for part in read])[rows] for point in points}

    @contextmanager
    def _only_layers_in_use(self) -> Iterator[None]:
        """While open, a forward pass of a whole model ends above the layers in use, with `_EnoughError`."""

        def end(*_: object) -> None:
            raise _EnoughError

        if self.causal is None:
            yield
            return
        hook = self.layers[self.n_layers - 1].register_forward_hook(end)
        try:
            yield
        finally:
            hook.remove()

    def place(self, point: HookPoint) -> Place | None:
        """Return where the stream at `point` can be changed; None where no module takes or gives it alone."""
        tap = self.architecture.sites[point.site]
        if point.site == "hook_resid_mid" or tap.side == "normalized":
            return None  # of both only a norm is given the stream, and what adds to it goes past the norm
        return Place(self.layers[point.layer].get_submodule(tap.module), tap.side)

    def padded(self, conversations: Sequence[Conversation]) -> tuple[torch.Tensor, torch.Tensor]:
        """Return token ids `int64[batch, longest]`, and where the selected tokens lie in them flattened."""
        longest = max(len(one.token_ids) for one in conversations)
        ids = np.zeros((len(conversations), longest), dtype=np.int64)
        for row, one in zip(ids, conversations, strict=True):
            row[: len(one.token_ids)] = one.token_ids
        rows = [
            np.arange(at + one.start, at + one.stop)
            for at, one in zip(range(0, ids.size, longest), conversations, strict=True)
        ]
        return torch.from_numpy(ids).to(self.device), torch.from_numpy(np.concatenate(rows)).to(self.device)


def place_of(backbone: Backbone, point: HookPoint) -> Place:
    """Return where the stream at `point` is changed. Raises StudyError where it cannot be."""
    if (place := backbone.place(point)) is None:
        raise StudyError(f"the stream at {point} cannot be changed: no module takes or gives it alone")
    return place


def cut(config: Any, n_layers: int) -> None:
    """Have `config` say that there are `n_layers` layers; what it lists layer by layer is cut, too."""
    whole = config.num_hidden_layers
    for name, value in list(vars(config).items()):
        if isinstance(value, list) and len(value) == whole:
            setattr(config, name, value[:n_layers])
    config.num_hidden_layers = n_layers


def _assert_complete(model: str, report: Any) -> None:
    missing = sorted(report["missing_keys"])
    if missing:
        raise StudyError(
            f"model {model!r}: {len(missing)} weights are missing, the first is {missing[0]}; its files "
            "do not hold this architecture whole: get them again"
        )


def _whole(parts: list[torch.Tensor]) -> torch.Tensor:
    """Pieces `[batch, n, width]` put together and flattened: `[batch * n in all, width]`."""
    return (parts[0] if len(parts) == 1 else torch.cat(parts, dim=1)).flatten(0, 1)
