"""One box for everything but words in responses: features by id and label, roles by name."""

from __future__ import annotations

from functools import partial
from typing import Any

import anyio
from starlette.requests import Request
from starlette.responses import Response

from persona_assets.explorer.problems import ProblemError
from persona_assets.explorer.resources import Source
from persona_assets.explorer.server.encoding import encoded
from persona_assets.explorer.snapshot.asking import within
from persona_assets.explorer.snapshot.opened import OpenSnapshot

SHOWN = 20  # of each kind
_LONGEST = 200  # characters of a search
_SECONDS = 5.0


async def search(request: Request) -> Response:
    """`api/search?q=…&sae=…`."""
    text, sae = asked_text(request), request.query_params.get("sae", "")
    async with request.app.state.snapshots.reading() as snapshot:
        find = partial(_find, snapshot, sae, text)
        body = await anyio.to_thread.run_sync(find, limiter=request.app.state.computing)
    return Response(body, media_type="application/json", headers={"cache-control": "no-store"})


def asked_text(request: Request) -> str:
    """Return what is searched for. Raises the problem 400 where that is nothing, or too long."""
    text = request.query_params.get("q", "").strip()
    if not text:
        raise ProblemError(400, "nothing to search for: give `q`")
    if len(text) > _LONGEST:
        raise ProblemError(400, f"a search has at most {_LONGEST} characters")
    return text


def found_for(source: Source, sae: str, text: str) -> dict[str, Any]:
    """Return the best features and roles, at most `SHOWN` of each; a `#` before an id is for people."""
    source.sae(sae)
    of_id = text.removeprefix("#") if text.removeprefix("#").isdecimal() else text
    return {
        "features": source.rows("search_features", sae=sae, text=of_id, limit=SHOWN),
        "roles": [row["role"] for row in source.rows("search_roles", text=text, limit=SHOWN)],
    }


def _find(snapshot: OpenSnapshot, sae: str, text: str) -> bytes:
    with snapshot.source() as source, within(_SECONDS, source.connection):
        return encoded(found_for(source, sae, text))
