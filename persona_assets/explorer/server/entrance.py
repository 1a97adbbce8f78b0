"""The door of a server that asks for a token: nothing behind it answers a request without.

A browser gives the token once, in a form, and then has a cookie that is made of it. A program sends the
header `Authorization: Bearer TOKEN`. The token is in no address, and so in no log, no history and no link.
"""

from __future__ import annotations

import hashlib
import hmac
from urllib.parse import parse_qs

from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

LOGIN = "/login"
_LONGEST = 4_096  # bytes of a form
_LASTING = 30 * 24 * 3600  # seconds a browser keeps the cookie
_HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; form-action 'self'; frame-ancestors 'none'",
    # Under `no-referrer` a browser would send the form's origin as null, and the guard refuse it.
    "referrer-policy": "same-origin",
}
_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><title>Persona explorer</title>
<h1>Persona explorer</h1>
<p>{said}</p>
<form method="post" action="login">
<label>Token <input name="token" type="password" autocomplete="current-password" required autofocus></label>
<button>Enter</button>
</form>
</html>
"""
_ASKS = "This study is shown to whoever has its token."
_WRONG = "That is not the token of this server."


class Entrance:
    """Lets requests through that carry the token; `base` is the path below which the server answers."""

    def __init__(self, app: ASGIApp, token: str, base: str) -> None:
        self._app = app
        self._token = _digest(token.encode())
        self._pass = hmac.digest(token.encode(), b"persona explorer's cookie", "sha256").hex()
        self._path = f"{base}/"
        # Cookies know no ports: servers of one machine must not take each other's.
        self._cookie = f"persona-{hmac.digest(token.encode(), b'its name', 'sha256').hex()[:12]}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, take the token, or ask for it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request, path = Request(scope, receive), scope["path"]
        known = self._is_known(request)
        if known and path != LOGIN:
            await self._app(scope, receive, send)
            return
        answer: Response
        if known:  # by another tab's form, say
            answer = RedirectResponse(self._path, 303, _HEADERS)
        elif path == LOGIN and request.method == "POST":
            answer = await self._let_in(request)
        elif request.method in ("GET", "HEAD") and path in ("/", "/index.html", LOGIN):
            answer = HTMLResponse(_PAGE.format(said=_ASKS), 401, _HEADERS)
        else:
            told = {"error": "this server asks for its token; reload the page to give it"}
            answer = JSONResponse(told, 401, {**_HEADERS, "www-authenticate": "Bearer"})
        await answer(scope, receive, send)

    def _is_known(self, request: Request) -> bool:
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        by_header = scheme.lower() == "bearer" and self._is_token(given.strip())
        return by_header or _same(request.cookies.get(self._cookie, ""), self._pass)

    async def _let_in(self, request: Request) -> Response:
        if not self._is_token(await _given(request)):
            return HTMLResponse(_PAGE.format(said=_WRONG), 401, _HEADERS)
        answer = RedirectResponse(self._path, 303, _HEADERS)
        answer.set_cookie(
            self._cookie,
            self._pass,
            max_age=_LASTING,
            path=self._path,
            secure=request.headers.get("origin", "").startswith("https://"),
            httponly=True,
            samesite="lax",
        )
        return answer

    def _is_token(self, given: str) -> bool:
        return hmac.compare_digest(_digest(given.encode(errors="replace")), self._token)


async def _given(request: Request) -> str:
    """Return the token of a posted form; nothing where the form is too long, or none."""
    body = b""
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > _LONGEST:
                return ""
    except ClientDisconnect:
        return ""
    try:
        return parse_qs(body.decode(errors="replace"), max_num_fields=10).get("token", [""])[0]
    except ValueError:  # more fields
        return ""


def _same(given: str, own: str) -> bool:
    return hmac.compare_digest(_digest(given.encode(errors="replace")), _digest(own.encode()))


def _digest(text: bytes) -> bytes:
    """Return what is compared in place of a text: of one length, whatever the text's is."""
    return hashlib.sha256(text).digest()
