"""Sending a data set to the Hugging Face hub, by its own library (which comes with transformers)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from persona_assets.base.errors import StudyError
from persona_assets.base.given import decoded, one_line, parsed_json, shown
from persona_assets.study.dataset import MANIFEST

_OF_THE_HUB = ".gitattributes"  # which it puts into a new repository
_PATIENCE = 30.0  # seconds, with the hub
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


def refuse_other_repository(name: str, study: str) -> None:
    """Raise StudyError where the repository holds anything but an earlier data set of the study.

    Sending replaces its files. One that is not there, or is empty, is right.
    """
    from huggingface_hub import HfApi
    from huggingface_hub.errors import RepositoryNotFoundError

    with _told_plainly(name, "nothing was sent"):
        try:
            told = HfApi().dataset_info(name, timeout=_PATIENCE)
        except RepositoryNotFoundError:
            return
        there = {file.rfilename for file in told.siblings or ()} - {_OF_THE_HUB}
        if not there:
            return
        held = _study_of(name) if MANIFEST in there else None
    if held != study:
        what = "no data set" if held is None else f"the data set of another study, {shown(held)}"
        raise StudyError(f"{name}: holds {what}, and sending would replace its files; name another")


def _study_of(name: str) -> str | None:
    """Return of which study the data set in a repository is; None where its list does not say."""
    from huggingface_hub.utils import build_hf_headers, get_session, hf_raise_for_status

    url = f"{hub_address(name)}/{MANIFEST}"
    answer = get_session().get(url, headers=build_hf_headers(), timeout=_PATIENCE, follow_redirects=True)
    hf_raise_for_status(answer)
    content = parsed_json(decoded(answer.content, url), url)
    held = content.get("study") if isinstance(content, dict) else None
    return held if isinstance(held, str) else None


def send(folder: Path, name: str, study: str, private: bool) -> str:
    """Send the folder of a study's data set in one commit; return its page.

    Raises StudyError where the hub refuses or cannot be reached, holds something else under the name, or
    would show all what is to be private.
    """
    from huggingface_hub import HfApi

    refuse_other_repository(name, study)
    api = HfApi()
    with _told_plainly(name, f"{folder} is whole, and the same command sends it again"):
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
def _told_plainly(name: str, so: str) -> Iterator[None]:
    from huggingface_hub.errors import HTTPError, OfflineModeIsEnabled

    try:
        yield
    except (HTTPError, OfflineModeIsEnabled, OSError, ValueError) as error:  # HTTPError: of a network, too
        said = one_line(str(error) or type(error).__name__, 300)
        raise StudyError(f"{name}: the hub refuses or does not answer ({said}); {so}") from error
