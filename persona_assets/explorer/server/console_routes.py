"""The SQL console's questions and answers over HTTP."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator
from typing import IO

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from persona_assets.explorer.console.console import EXPORTED, SHOWN, Console, Limits, Outcome
from persona_assets.explorer.problems import ProblemError
from persona_assets.explorer.server.bodies import is_text, posted

_LONGEST = 200_000  # bytes of a question
_CHUNK = 2**18
_TYPES = {"csv": "text/csv; charset=utf-8", "parquet": "application/vnd.apache.parquet"}
_FRESH = {"cache-control": "no-store"}


async def run_sql(request: Request) -> Response:
    """`POST api/sql`."""
    outcome = await _outcome(request, await _question(request), "json", SHOWN)
    with outcome.file as file:
        more = f',"seconds":{outcome.seconds:.6g},"note":{json.dumps(outcome.note)}}}'
        body = file.read().removesuffix(b"}") + more.encode()
    return Response(body, media_type="application/json", headers=_FRESH)


async def export_sql(request: Request) -> Response:
    """`POST api/sql/export?format=csv|parquet`. The header `x-truncated` says whether there are more rows."""
    form = request.query_params.get("format", "")
    if form not in _TYPES:
        raise ProblemError(400, f"format is csv or parquet, not {form[:20]!r}")
    outcome = await _outcome(request, await _question(request), form, EXPORTED)
    headers = _FRESH | {
        "content-disposition": f'attachment; filename="answer.{form}"',
        "content-length": str(os.fstat(outcome.file.fileno()).st_size),
        "x-truncated": str(outcome.truncated).lower(),
    }
    return StreamingResponse(_chunks(outcome.file), media_type=_TYPES[form], headers=headers)


async def _question(request: Request) -> str:
    """Return the `sql` of the body. Raises the problem 400 where it has none, or is too long."""
    sql = (await posted(request, '{"sql": …}', ("sql",), "a query", _LONGEST)).get("sql")
    if not is_text(sql):
        raise ProblemError(400, 'the body must be {"sql": …}, a text without NUL and half characters')
    return str(sql)


async def _outcome(request: Request, sql: str, form: str, limits: Limits) -> Outcome:
    """Return the query's answer; ended with its asker, should that leave."""
    console: Console = request.app.state.console
    running = asyncio.ensure_future(console.run(sql, form, limits))
    gone = asyncio.ensure_future(request.receive())
    try:
        await asyncio.wait({running, gone}, return_when=asyncio.FIRST_COMPLETED)
        if not running.done():
            raise ProblemError(400, "the asker has left")
        return running.result()
    finally:
        gone.cancel()
        if not running.done():
            running.cancel()
            await asyncio.wait({running})


async def _chunks(file: IO[bytes]) -> AsyncIterator[bytes]:
    with file:
        while chunk := file.read(_CHUNK):
            yield chunk
