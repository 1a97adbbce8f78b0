"""Where a server answers, and to whom: for itself on this machine, or behind a reverse proxy."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass

from persona_assets.base.errors import StudyError
from persona_assets.base.given import shown

TOKEN = "PERSONA_TOKEN"  # the variable that holds a token of one's own
_SHORTEST = 16  # characters of a token
_BASE = re.compile(r"(/(?!\.{1,2}(?:/|$))[A-Za-z0-9._~-]{1,100}){0,10}")
_NAME = re.compile(r"(?=.{1,253}$)[a-z0-9]([a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\]")


@dataclass(frozen=True)
class Access:
    """`host` is the address that a server is bound to, `trusted` are other names that it may be asked by.

    It answers below the path `base`, which has no slash at its end, and with a `token` to those only who
    have it.
    """

    host: str = "127.0.0.1"
    trusted: frozenset[str] = frozenset()
    base: str = ""
    token: str | None = None

    def inside(self, path: str) -> str | None:
        """Return what a path is below `base`, `/` at its beginning; None where it is not below it."""
        if not self.base:
            return path
        return path.removeprefix(self.base) if path.startswith(f"{self.base}/") else None


def base_path(given: str) -> str:
    """Return a path as `Access` has it. Raises StudyError for what is none."""
    path = "/" + given.strip("/") if given.strip("/") else ""
    if not _BASE.fullmatch(path):
        raise StudyError(f"--base-path {shown(given)}: give letters, digits and ._~-, such as /persona")
    return path


def trusted_hosts(given: Iterable[str]) -> frozenset[str]:
    """Return names as `Access` has them. Raises StudyError for what is no host's name, such as a pattern."""
    names = frozenset(name.lower() for name in given)
    for name in sorted(names):
        if not _NAME.fullmatch(name):
            raise StudyError(
                f"--trusted-host {shown(name)}: give the name by which browsers ask, such as "
                "study.example.org, without https:// and port"
            )
    return names


def own_token() -> str:
    """Return the token of the variable `PERSONA_TOKEN`, else a new one.

    Raises StudyError for one that could be guessed.
    """
    given = os.environ.get(TOKEN)
    if given is None:
        return secrets.token_urlsafe(32)
    if len(given) < _SHORTEST or not given.isascii() or not given.isprintable() or " " in given:
        raise StudyError(
            f"{TOKEN}: a token has {_SHORTEST} or more ASCII characters without a space; make one by "
            "`openssl rand -hex 32`"
        )
    return given
