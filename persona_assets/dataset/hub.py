"""Sending a data set to the Hugging Face hub, by its own library (which comes with transformers)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from persona_assets.base.errors import StudyError
from persona_assets.base.given import one_line, shown

_NAME = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}")


def hub_address(name: str) -> str:
    """Return where a data set of the hub lies, file by file. Raises StudyError for what is no name."""
    from huggingface_hub import constants
    from huggingface_hub.errors import HFValidationError
    from huggingface_hub.utils import validate_repo_id

    try:
        validate_repo_id(name)  # takes a name without an owner, too
        fits = _NAME.fullmatch(name) is not None
    except HFValidationError:
        fits = False
    if not fits:
        raise StudyError(f"{shown(name)} names no data set of the hub; give OWNER/NAME")
    return f"{constants.ENDPOINT}/datasets/{name}/resolve/main"


def check_token() -> None:
    """Raise StudyError where nothing says who sends: asked before hours of writing."""
    from huggingface_hub import get_token

    if get_token() is None:
        raise StudyError("no token of the hub is here: `hf auth login`, or set HF_TOKEN; nothing was written")


def send(folder: Path, name: str, private: bool) -> str:
    """Send a data set's folder in one commit; return its page.

    Raises StudyError where the hub refuses or cannot be reached, or would show all what is to be private.
    """
    from huggingface_hub import HfApi

    api = HfApi()
    with _told_plainly(name, folder):
        page = api.create_repo(name, repo_type="dataset", private=private, exist_ok=True)
        if private and not api.repo_info(name, repo_type="dataset").private:  # it was there before
            raise StudyError(
                f"{name}: is there already, for all to read; nothing was sent. Make it private on its page, "
                f"or name another; {folder} is whole"
            )
        api.upload_folder(
            repo_id=name,
            repo_type="dataset",
            folder_path=folder,
            commit_message="Write the data set",
            delete_patterns=["data/**"],
        )
    return str(page)


@contextmanager
def _told_plainly(name: str, folder: Path) -> Iterator[None]:
    from huggingface_hub.errors import HTTPError, OfflineModeIsEnabled

    try:
        yield
    except (HTTPError, OfflineModeIsEnabled, OSError, ValueError) as error:  # HTTPError: of a network, too
        said = one_line(str(error) or type(error).__name__, 300)
        raise StudyError(
            f"{name}: the hub did not take it ({said}); {folder} is whole, and the same command sends it "
            "again"
        ) from error
