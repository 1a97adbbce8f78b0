"""Sending a data set to the Hugging Face hub, by its own library (which comes with transformers)."""

from __future__ import annotations

import re
from pathlib import Path

from persona_assets.base.errors import StudyError
from persona_assets.base.given import one_line, shown

_NAME = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}")


def hub_address(name: str) -> str:
    """Return where a data set of the hub lies, file by file. Raises StudyError for what is no name."""
    from huggingface_hub import constants

    if not _NAME.fullmatch(name):
        raise StudyError(f"{shown(name)} names no data set of the hub; give OWNER/NAME")
    return f"{constants.ENDPOINT}/datasets/{name}/resolve/main"


def check_token() -> None:
    """Raise StudyError where nothing says who sends: asked before hours of writing."""
    from huggingface_hub import get_token

    if get_token() is None:
        raise StudyError("no token of the hub is here: `hf auth login`, or set HF_TOKEN; nothing was written")


def send(folder: Path, name: str, private: bool) -> str:
    """Send a data set's folder in one commit; return its page. Raises StudyError where the hub refuses."""
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled

    api = HfApi()
    try:
        page = api.create_repo(name, repo_type="dataset", private=private, exist_ok=True)
        api.upload_folder(
            repo_id=name,
            repo_type="dataset",
            folder_path=folder,
            commit_message="Write the data set",
            delete_patterns=["data/**"],
        )
    except (HfHubHTTPError, OfflineModeIsEnabled, OSError) as error:
        raise StudyError(
            f"{name}: the hub did not take it ({one_line(str(error), 300)}); {folder} is whole, and the same "
            "command sends it again"
        ) from error
    return str(page)
