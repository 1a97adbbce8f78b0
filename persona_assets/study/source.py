"""Where other people's roles come from: a directory, or a git repository cloned for the occasion."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from persona_assets.base.errors import StudyError
from persona_assets.base.given import is_folder, path_from_home, shown_path
from persona_assets.base.secrets import hidden, without_credentials

_GIT_URL = re.compile(r"(https?|ssh|git|file)://.+|[\w.-]+@[\w.-]+:.+")


@contextmanager
def fetched(source: str) -> Iterator[Path]:
    """Yield the directory that `source` names; a git URL is cloned into one that is gone afterwards.

    Raises StudyError where it is neither, or cannot be cloned.
    """
    if source.startswith("-"):
        raise StudyError(
            f"{shown_path(Path(source))}: not a source; name a directory or a git URL (https, ssh or file)"
        )
    if _GIT_URL.fullmatch(source):
        with tempfile.TemporaryDirectory(prefix="persona-roles-") as folder:
            clone = _clone(source, Path(folder) / "clone")
            try:
                yield clone
            except StudyError as error:  # the user knows the URL, not where it was cloned to
                raise StudyError(str(error).replace(str(clone), without_credentials(source))) from error
        return
    directory = path_from_home(source)
    if not is_folder(directory):
        raise StudyError(
            f"{shown_path(directory)}: no such directory; name a directory or a git URL (https, ssh or file)"
        )
    yield directory


def _clone(url: str, target: Path) -> Path:
    """Clone `url`'s last commit. Nothing is asked at a terminal; transports that run commands are refused."""
    environment = {**os.environ, "GIT_TERMINAL_PROMPT": "0", "GIT_ALLOW_PROTOCOL": "https:http:ssh:git:file"}
    command = ["git", "clone", "--quiet", "--depth", "1", "--", url, str(target)]
    try:
        done = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, capture_output=True)
    except FileNotFoundError as error:
        raise StudyError("git is not installed; install it, or name a directory as source") from error
    if done.returncode:
        complaint = " ".join(done.stderr.decode(errors="replace").split())
        complaint = hidden(complaint, url)
        raise StudyError(
            f"cannot clone {without_credentials(url)}: {complaint[:300]}; "
            "check the URL, and that you may read it without a password prompt"
        )
    return target
