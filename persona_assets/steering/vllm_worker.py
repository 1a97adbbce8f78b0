"""What edits a stream inside vLLM's worker: each request's tokens by its own edit, all of a step together.

Written as `extract.vllm_worker` is, for the V1 model runner of vLLM 0.32.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from persona_assets.base.errors import StudyError
from persona_assets.extract.vllm_worker import shares, text_model
from persona_assets.models.places import Change
from persona_assets.models.sae import Sae, load_sae
from persona_assets.steering.edit_table import EditTable, reads_features
from persona_assets.study.settings import SaeSettings

# Where a request's sampling parameters hold [place of its edit, its first token that is edited].
EDIT = "persona_edit"


class SteeringWorker:
    """A method for vLLM's worker. Under tensor parallelism every rank holds, and edits, the whole stream."""

    device: torch.device
    model_runner: Any
    _persona: tuple[Any, Sae | None] = None, None

    def persona_edits(self, content: bytes, layer: int, sae: dict[str, Any]) -> str | None:
        """Edit the output of a layer from now on, by packed edits; return what is wrong, if anything is.

        Features are those of the SAE of `SaeSettings`, which is loaded when it is first needed.
        """
        hook, loaded = self._persona
        if hook is not None:
            hook.remove()
        self._persona = None, loaded
        try:
            if loaded is None and reads_features(content):
                loaded = load_sae(SaeSettings.model_validate(sae), str(self.device))
            table = EditTable.unpacked(content, loaded, self.device)
        except (StudyError, torch.OutOfMemoryError) as error:
            return " ".join(str(error).split())
        module = text_model(self.model_runner.get_model()).layers[layer]
        self._persona = module.register_forward_hook(_editing(self.model_runner, table)), loaded
        return None


def _editing(runner: Any, table: EditTable) -> Any:
    """Return a hook that edits a layer's output, of each request the tokens that are to be edited."""

    def edit(_module: Any, _args: Any, output: Any) -> Any:
        rows, which = _edited(runner)
        if not len(rows):
            return None
        stream = output[0] if isinstance(output, tuple) else output
        at, by = (torch.from_numpy(one).to(stream.device) for one in (rows, which))
        return held(output, lambda stream: stream.index_copy(0, at, table(stream[at], by)))

    return edit


def _edited(runner: Any) -> tuple[Any, Any]:
    """Return the rows of the step that runs that are edited, and the place of each one's edit, int64[n]."""
    rows, which = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    for (place, first_edited), _, row, first, stop in shares(runner, EDIT):
        start = max(first, first_edited)
        if start < stop:
            rows.append(np.arange(row + start - first, row + stop - first))
            which.append(np.full(stop - start, place))
    return np.concatenate(rows), np.concatenate(which)


def held(output: Any, change: Change) -> Any:
    """Return what a layer gives out, its stream changed: alone, or first of the two that add up to it.

    Rows that do not change keep their bits.
    """
    if not isinstance(output, tuple):
        return change(output)
    hidden, residual, *others = output
    if residual is None:
        return (change(hidden), residual, *others)
    stream = hidden + residual
    found = change(stream)
    moved = (found != stream).any(dim=-1, keepdim=True)
    return (torch.where(moved, found - residual, hidden), residual, *others)
