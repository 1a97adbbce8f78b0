"""Who may ask: pages of this server, on this machine; and what browsers are told to let them do."""

from __future__ import annotations

import ipaddress
import re

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

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
    `Origin`, or `Sec-Fetch-Site`, where it asks for this server's address.
    """

    def __init__(self, app: ASGIApp, host: str) -> None:
        self._app = app
        self._host = host

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

        reason = self._refusal(Headers(scope=scope), scope["path"])
        if reason is not None:
            await JSONResponse({"error": reason}, 403)(scope, receive, sent)
        elif not scope["path"].isprintable():  # a router may overlook a line's end
            await JSONResponse({"error": "there is no such page"}, 404)(scope, receive, sent)
        else:
            await self._app(scope, receive, sent)

    def _refusal(self, headers: Headers, path: str) -> str | None:
        host = headers.get("host", "")
        if len(headers.getlist("host")) != 1 or not is_own(host, self._host):
            return f"this server is not {host[:80]!r}; ask by the address that `persona explore` printed"
        origin = headers.get("origin")
        if origin is not None and origin.lower() != f"http://{host}".lower():
            return f"pages of {origin[:80]!r} may not ask this server"
        is_page = not path.startswith(("/data/", "/api/"))
        if not is_page and headers.get("sec-fetch-site", "none") not in _OWN_PAGES:
            return "pages of other sites may not ask this server"
        return None


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
