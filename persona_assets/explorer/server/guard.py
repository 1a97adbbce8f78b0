"""Who may ask: pages of this server, by a name of its own; and what browsers are told to let them do."""

from __future__ import annotations

import ipaddress
import re

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from persona_assets.explorer.server.access import Access

_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[^:\[\]]+)(?::[0-9]{1,5})?", re.IGNORECASE)
_OWN_PAGES = ("same-origin", "none")  # none: typed by a person

_HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}


class Guard:
    """Refuses foreign hosts and origins (403), and puts the security headers on every answer.

    A page of another site could have its own name resolve to this machine; its `Host` gives it away. So does
    `Origin`, or `Sec-Fetch-Site`, where it asks for this server's address. What is passed on has its path
    below the server's base path.
    """

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self._app = app
        self._access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
                headers.setdefault("content-security-policy", "default-src 'none'; frame-ancestors 'none'")
            await send(message)

        inside = self._access.inside(scope["path"])
        answer = self._answer(Headers(scope=scope), scope["path"], inside)
        if answer is None:
            await self._app({**scope, "path": inside}, receive, sent)
        else:
            await answer(scope, receive, sent)

    def _answer(self, headers: Headers, path: str, inside: str | None) -> Response | None:
        """Return what is answered here; None where the request is passed on."""
        reason = self._refusal(headers, inside or "/")
        if reason is not None:
            return JSONResponse({"error": reason}, 403)
        if self._access.base and path == self._access.base:
            return RedirectResponse(f"{path}/", 308)
        if inside is None or not path.isprintable():  # a router may overlook a line's end
            return JSONResponse({"error": "there is no such page"}, 404)
        return None

    def _refusal(self, headers: Headers, path: str) -> str | None:
        host, access = headers.get("host", ""), self._access
        trusted = is_trusted(host, access.trusted)
        if len(headers.getlist("host")) != 1 or not (trusted or is_own(host, access.host)):
            return (
                f"this server is not {host[:80]!r}; ask by the address that `persona explore` printed, or "
                "start it with --trusted-host"
            )
        origin = headers.get("origin")
        schemes = ("http", "https") if trusted else ("http",)  # a proxy may speak https for us
        own = [f"{scheme}://{host}".lower() for scheme in schemes]
        if origin is not None and origin.lower() not in own:
            return f"pages of {origin[:80]!r} may not ask this server"
        is_page = not path.startswith(("/data/", "/api/"))
        if not is_page and headers.get("sec-fetch-site", "none") not in _OWN_PAGES:
            return "pages of other sites may not ask this server"
        return None


def is_trusted(host: str, names: frozenset[str]) -> bool:
    """Return whether a `Host` header is one of these names, at whatever port."""
    match = _HOST.fullmatch(host)
    return match is not None and match[1].lower() in names


def is_own(host: str, bound: str) -> bool:
    """Return whether a `Host` header names the server bound to `bound`.

    A loopback name or address, or `bound` itself, at whatever port (it may be forwarded). Where the server
    listens on every address, any of them: an address cannot be made to resolve to another machine.
    """
    match = _HOST.fullmatch(host)
    if match is None:
        return False
    name = match[1].strip("[]").lower()
    address = _address(name)
    if name in ("localhost", bound.strip("[]").lower()) or (address is not None and address.is_loopback):
        return True
    listens = _address(bound.strip("[]"))
    return address is not None and listens is not None and listens.is_unspecified


def _address(name: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(name)
    except ValueError:
        return None
