"""Secrets in what people write: refused in a study, left out of what is shown and noted down."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

# Names under which programs take keys and passwords; `api_key_env` names a variable that holds one.
_NAME = re.compile(
    r"(.*[_-])?(api_?key|access_?key(_id)?|private_?key|secret(_?key)?|passw(or)?d|credentials?|bearer|authorization)"
    r"|((hf|hub|huggingface|api|access|auth|bearer|session|refresh|secret|github)[_-]?)?token",
    re.IGNORECASE,
)
# How the keys of well-known services look.
_KEY = re.compile(
    r"(sk|pk|rk)-[\w-]{6,}|hf_[A-Za-z0-9]{12,}|gh[pousr]_\w{12,}|github_pat_\w{12,}|xox[a-z]-[\w-]{6,}"
    r"|AKIA[0-9A-Z]{12,}|eyJ[\w-]{8,}\.[\w.-]+|Bearer\s+\S+|-----BEGIN .*",
    re.DOTALL,
)
_IN_URL = re.compile(r"(?P<scheme>[A-Za-z][\w+.-]*://)(?P<rest>(?:[^\s<>]*@)?[^\s'\"<>]*)")
_QUERY = re.compile(
    r"(?P<name>[?&;#](?:[\w.-]*(?:token|key|secret|passw(?:or)?d|credential|signature|auth)|sig|pw)=)[^\s&;#'\"<>]+",
    re.IGNORECASE,
)


def without_secrets(text: str) -> str:
    """Return `text` with users and passwords taken out of its URLs, and secrets in their queries replaced."""
    return _QUERY.sub(r"\g<name>***", _IN_URL.sub(lambda url: url["scheme"] + _from_host(url["rest"]), text))


def without_credentials(url: str) -> str:
    """Return `url` as it may be noted down: it begins with the host, and has no query."""
    shown = without_secrets(url)
    return shown.partition("?")[0] if "://" in shown else shown


def hidden(text: str, url: str) -> str:
    """Return what a program said of `url`, without the URL's secrets in whatever form it repeats them."""
    shown = without_credentials(url)
    text = text.replace(url, shown)
    before, _, query = url.partition("://")[2].partition("?")
    user = before[: len(before) - len(_from_host(before))].rstrip("@")
    parts = {user, *user.split(":", 1)[1:], query, *(part.partition("=")[2] for part in query.split("&"))}
    forms = parts | {unquote(part) for part in parts}
    for part in sorted(forms, key=len, reverse=True):
        if len(part) > 2:  # fewer signs protect nothing, and stand in any text
            text = text.replace(part, "***")
    return without_secrets(text)


def _from_host(rest: str) -> str:
    """Return what of a URL follows its scheme, without user and password.

    A password with a slash that is not escaped ends the host early: what stands there then is no host and
    port, and the host follows the last @.
    """
    before, _, _ = rest.partition("?")
    host, slash, path = before.partition("/")
    if "@" in host:
        return rest[host.rindex("@") + 1 :]
    odd = slash and "@" in path and not re.fullmatch(r"(\[[\w:.%]*\]|[^:]*)(:\d*)?", host)
    return rest[before.rindex("@") + 1 :] if odd else rest


def secrets_in(options: Any, place: str) -> Iterator[str]:
    """Yield where in nested lists and objects something looks like a secret, such as `place.headers.0`."""
    for where, name, value in _texts_in(options, place):
        if _NAME.fullmatch(name) or looks_secret(value):
            yield where


def urls_with_secrets(settings: Any) -> Iterator[str]:
    """Yield where in nested lists and objects a URL holds a user, a password or a key."""
    return (where for where, _, value in _texts_in(settings, "") if without_secrets(value) != value)


def looks_secret(value: Any) -> bool:
    """Return whether `value` is a text that has the form of a key, or holds a URL with a secret."""
    return isinstance(value, str) and bool(_KEY.fullmatch(value.strip()) or without_secrets(value) != value)


def _texts_in(value: Any, place: str, name: str = "") -> Iterator[tuple[str, str, str]]:
    """Yield every text that is not empty: where it stands, the name it is given under, and itself."""
    if isinstance(value, str) and value:
        yield place, name, value
    elif isinstance(value, dict | list | tuple):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            given = str(key) if isinstance(value, dict) else name
            yield from _texts_in(inner, f"{place}.{key}" if place else str(key), given)
