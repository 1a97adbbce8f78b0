"""A cap in vLLM: `vllm.LLM(…, enforce_eager=True, worker_extension_cls=WORKER)`, then `hold(llm, FILE)`.

Written for the V1 model runner of vLLM 0.32, and for layers that leave their last addition to the next one.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from persona_assets.base.errors import StudyError
from persona_assets.extract.vllm_worker import text_model
from persona_assets.steering.caps import Floor, check_fits_model, read_cap
from persona_assets.steering.vllm_worker import held

if TYPE_CHECKING:
    from vllm import LLM

WORKER = "persona_assets.steering.vllm_caps.CapWorker"


def hold(llm: LLM, file: Path | str | None) -> None:
    """Have an engine run under the cap in a file from now on, or under none.

    What it knows of earlier prompts is forgotten, for it was computed otherwise. Raises StudyError where the
    engine is answering, and everything stays as it is; and where the file is no cap of the model's shape, or
    the engine runs no hooks: no cap is held then.
    """
    if not llm.reset_prefix_cache():
        raise StudyError("a cap changes between answers, and the engine has not finished some; let it do so")
    wrong = [one for one in llm.collective_rpc("persona_cap", args=(file and str(file),)) if one is not None]
    if wrong:
        llm.collective_rpc("persona_cap", args=(None,))  # of several workers some may hold it
        raise StudyError(wrong[0])


class CapWorker:
    """A method for vLLM's worker. Under tensor parallelism every rank holds the whole stream, and caps it."""

    model_runner: Any
    _hooks: Any = ()

    def persona_cap(self, file: str | None) -> str | None:
        """Hold the model by the cap in a file, or by none; return what is wrong, if anything is."""
        for hook in self._hooks:
            hook.remove()
        self._hooks = ()
        try:
            if file is not None:
                self._hooks = _attached(self.model_runner, file)
        except StudyError as error:
            return " ".join(str(error).split())
        return None


def _attached(runner: Any, file: str) -> list[Any]:
    cap, settings = read_cap(file), runner.vllm_config
    if not settings.model_config.enforce_eager or settings.parallel_config.pipeline_parallel_size > 1:
        raise StudyError(
            "a cap needs enforce_eager=True (compiled graphs run no hooks) and a single pipeline"
        )
    layers = text_model(runner.get_model()).layers
    check_fits_model(cap, len(layers), settings.model_config.get_hidden_size(), file)
    return [layers[floor.layer].register_forward_hook(_holding(floor)) for floor in cap.floors]


def _holding(floor: Floor) -> Any:
    """Return a hook that holds a layer's output."""
    return lambda _module, _args, output: held(output, floor)
