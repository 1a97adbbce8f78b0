"""The built front end, served as it lies in `web/dist`."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import anyio
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response

from persona_assets.explorer.server.encoding import compressed, takes_gzip

DIST = Path(__file__).parents[1] / "web" / "dist"
MISSING = "the explorer's pages are not built: install Node 20 or newer, then `make explorer`"

# What the pages may do, said by the document itself or by the server that sends it.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; "
    "connect-src 'self'; worker-src 'self' blob:; base-uri 'none'; form-action 'none'"
)
_POLICY = f"{POLICY}; frame-ancestors 'none'"  # this one a document cannot say
_FOR_EVER = "public, max-age=31536000, immutable"
_TEXTS = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}  # sent compressed


def page(dist: Path) -> Response:
    """Return the page itself, or, in plain words, what is missing."""
    index = dist / "index.html"
    if not index.is_file():
        return PlainTextResponse(MISSING + "\n", 503)
    return FileResponse(index, headers={"content-security-policy": _POLICY, "cache-control": "no-cache"})


async def file(request: Request) -> Response:
    """Return a file of the front end; the page for the root. 404 for anything else."""
    dist: Path = request.app.state.dist
    path = request.url.path.removeprefix("/")
    if path in ("", "index.html"):
        return page(dist)
    found = _inside(dist, path)
    if found is None:
        return PlainTextResponse("there is no such page\n", 404)
    headers = {"cache-control": _FOR_EVER if path.startswith("assets/") else "no-cache"}
    kind = _TEXTS.get(found.suffix)
    if kind is None:
        return FileResponse(found, headers=headers)
    headers["vary"] = "Accept-Encoding"
    if not takes_gzip(request.headers.get("accept-encoding", "")):
        return FileResponse(found, headers=headers)
    body = await anyio.to_thread.run_sync(_packed, found, found.stat().st_mtime_ns)
    return Response(body, media_type=kind, headers=headers | {"content-encoding": "gzip"})


@lru_cache(maxsize=128)
def _packed(file: Path, _: int) -> bytes:
    """Return the file compressed, once for each time at which it was written."""
    return compressed(file.read_bytes())


def _inside(dist: Path, path: str) -> Path | None:
    """The file at `path` below `dist`, links followed; None where there is none, or it lies elsewhere."""
    if "\0" in path or path.endswith("/"):
        return None
    try:
        found = (dist / path).resolve()
        return found if found.is_file() and found.is_relative_to(dist.resolve()) else None
    except (OSError, RuntimeError):  # a path that is too long, or links in a circle
        return None
