"""The part of a language model that extraction needs: its text layers up to the highest SAE's."""

from __future__ import annotations

from collections.abc import Sequence
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

# Tokens read at once: an attention mask of all tokens by all tokens would grow by the square of their number.
CHUNK = 2048

# Multimodal Gemma 3 keeps its text model under either prefix; loaded without this, its tensors would all
# be missing (and are therefore asserted below).
_TEXT_WEIGHTS = {r"^(model\.language_model|language_model\.model)\.": ""}


@dataclass
class Backbone:
    """A text model cut off above the layers in use, and what is known of its architecture."""

    model: Any
    architecture: Architecture
    device: torch.device

    @property
    def layers(self) -> Any:
        """The layers that were loaded."""
        return self.model.get_submodule(self.architecture.layers)

    @classmethod
    def load(
        cls, model: str, revision: str | None, config: Any, n_layers: int, dtype: str, device: str
    ) -> Backbone:
        """The first `n_layers` layers of `model`, whose whole text configuration is `config` (it is changed).

        No head and no vision tower are loaded. Raises StudyError where a weight is missing.
        """
        from transformers import AutoModel

        _cut(config, n_layers)
        # Only the eager attention applies Gemma 2's soft cap to its logits.
        attention = "eager" if getattr(config, "attn_logit_softcapping", None) else None
        with loading(model):
            text_model, report = AutoModel.from_pretrained(
                **weights_of(model, revision),
                config=config,
                dtype=dtype,
                attn_implementation=attention,
                key_mapping=_TEXT_WEIGHTS,
                output_loading_info=True,
            )
        _assert_complete(model, report)
        text_model = text_model.to(device).eval().requires_grad_(False)
        return cls(text_model, architecture(config.model_type), torch.device(device))

    @torch.inference_mode()
    def selected_rows(
        self, conversations: Sequence[Conversation], points: Sequence[HookPoint]
    ) -> dict[HookPoint, torch.Tensor]:
        """One forward pass: for each point the selected tokens' rows, `float[n_selected in all, width]`.

        Conversations are padded on the right, where causal attention lets no real token see the padding.
        Those longer than `CHUNK` tokens are read piece by piece, keys and values of the earlier ones kept.
        """
        ids, rows = self._padded(conversations)
        chunks = ids.split(CHUNK, dim=1)
        cache = DynamicCache(config=self.model.config) if len(chunks) > 1 else None
        read: list[Streams] = []
        with captured(self.layers, self.architecture, points) as streams:
            for chunk in chunks:
                self.model(input_ids=chunk, use_cache=cache is not None, past_key_values=cache)
                read.append(dict(streams))
        return {point: _whole([part[point] for part in read])[rows] for point in points}

    def _padded(self, conversations: Sequence[Conversation]) -> tuple[torch.Tensor, torch.Tensor]:
        """Token ids `int64[batch, longest]`, and where the selected tokens lie in them flattened."""
        longest = max(len(one.token_ids) for one in conversations)
        ids = np.zeros((len(conversations), longest), dtype=np.int64)
        for row, one in zip(ids, conversations, strict=True):
            row[: len(one.token_ids)] = one.token_ids
        rows = [
            np.arange(at + one.start, at + one.stop)
            for at, one in zip(range(0, ids.size, longest), conversations, strict=True)
        ]
        return torch.from_numpy(ids).to(self.device), torch.from_numpy(np.concatenate(rows)).to(self.device)


def _cut(config: Any, n_layers: int) -> None:
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
