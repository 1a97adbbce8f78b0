"""Words in responses, told line by line while they are found: role by role, until the asker has enough."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from functools import partial
from typing import Any

import anyio
import duckdb
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from persona_assets.base.duck import exact_path
from persona_assets.explorer.problems import ProblemError
from persona_assets.explorer.resources import Source
from persona_assets.explorer.snapshot.asking import Json, within
from persona_assets.explorer.snapshot.opened import OpenSnapshot
from persona_assets.explorer.snapshot.search import asked_text

_MOST = 1000  # hits
_OF_A_ROLE = 50  # where all roles are searched
_SECONDS = 20.0  # for a role
_AROUND = 80  # characters on each side of a hit
_AT_ONCE = max(2, (os.cpu_count() or 1) // 2)  # roles; the other cores are for other askers

_File = tuple[str, str]  # a role, and where its responses are


async def words(request: Request) -> Response:
    """`api/responses?q=…[&role=…]`: JSON lines."""
    text, role = asked_text(request), request.query_params.get("role")
    async with AsyncExitStack() as leaving:
        snapshot: OpenSnapshot = await leaving.enter_async_context(request.app.state.snapshots.reading())
        files = await anyio.to_thread.run_sync(partial(_files, snapshot, role))
        lines = _lines(snapshot, files, text, leaving.pop_all())
    return StreamingResponse(lines, media_type="application/x-ndjson", headers={"cache-control": "no-store"})


def _files(snapshot: OpenSnapshot, role: str | None) -> list[_File]:
    with snapshot.source() as source:
        if role is not None:
            source.role(role)
        return [(row["role"], row["path"]) for row in source.rows("response_files", role=role)]


async def _lines(
    snapshot: OpenSnapshot, files: list[_File], text: str, leaving: AsyncExitStack
) -> AsyncIterator[str]:
    """A few roles are read at once, in threads; an asker that is gone is noticed before the next few."""
    left, truncated = _MOST, False
    most = _MOST if len(files) == 1 else _OF_A_ROLE
    async with leaving:
        try:
            for first in range(0, len(files), _AT_ONCE):
                reading = [
                    partial(_hits, snapshot, file, text, most) for file in files[first : first + _AT_ONCE]
                ]
                found = await asyncio.gather(*map(anyio.to_thread.run_sync, reading))
                for done, (hits, more) in enumerate(found, first + 1):
                    truncated |= more or len(hits) > left
                    yield _json([*hits[:left], {"kind": "progress", "done": done, "of": len(files)}])
                    left -= min(len(hits), left)
                if left == 0:
                    truncated |= first + _AT_ONCE < len(files)
                    break
            yield _json([{"kind": "end", "truncated": truncated}])
        except ProblemError as problem:
            yield _json([{"kind": "error", "error": problem.error}])
        except duckdb.Error as error:
            yield _json([{"kind": "error", "error": str(error).splitlines()[0]}])


def _hits(snapshot: OpenSnapshot, file: _File, text: str, most: int) -> tuple[list[Json], bool]:
    """Return the role's hits, at most `most`, and whether there are more."""
    with snapshot.source() as source, within(_SECONDS, source.connection):
        found = list(_found(source, file, text, most + 1))
    return found[:most], len(found) > most


def _found(source: Source, file: _File, text: str, limit: int) -> Iterator[Json]:
    role, path = file
    for row in source.rows("words", responses=[exact_path(path)], text=text, limit=limit):
        snippet, at, length = around(row["response"], text)
        known = {"role": role, "response_id": row["response_id"], "question": row["question"]}
        yield {"kind": "hit"} | known | {"snippet": snippet, "at": at, "length": length}


def around(response: str, text: str) -> tuple[str, int, int]:
    """The first place of `text` in `response`, in any case: what stands around it, where in that the text
    begins, and how long it is, both counted as JavaScript does.
    """
    at = max(_folded(response).find(_folded(text)), 0)
    start = max(at - _AROUND, 0)
    snippet = response[start : at + len(text) + _AROUND]
    hit = response[at : at + len(text)]
    return snippet, _utf16(response[start:at]), _utf16(hit)


def _folded(text: str) -> str:
    """In lower case, every character still in its place."""
    folded = text.lower()
    if len(folded) == len(text):
        return folded
    return "".join(low if len(low := character.lower()) == 1 else character for character in text)


def _utf16(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _json(lines: list[Any]) -> str:
    return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
