"""The explorer's web application over one study's snapshots."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import duckdb
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from persona_assets.base.errors import NotPublishedError, StudyError
from persona_assets.explorer.console.console import Console
from persona_assets.explorer.problems import ProblemError, not_found
from persona_assets.explorer.resources import Resource, Source, find
from persona_assets.explorer.server import front_end
from persona_assets.explorer.server.access import Access
from persona_assets.explorer.server.console_routes import export_sql, run_sql
from persona_assets.explorer.server.encoding import compressed, decompressed, encoded, takes_gzip
from persona_assets.explorer.server.entrance import Entrance
from persona_assets.explorer.server.guard import Guard
from persona_assets.explorer.server.model import Model
from persona_assets.explorer.server.steering import can_steer, steer
from persona_assets.explorer.server.trying import can_try, try_text
from persona_assets.explorer.snapshot.asking import within
from persona_assets.explorer.snapshot.opened import OpenSnapshot, Snapshots
from persona_assets.explorer.snapshot.search import search
from persona_assets.explorer.snapshot.words import words
from persona_assets.study.study import Study

SECONDS = 20.0  # for a resource
ON_THIS_MACHINE = Access()

# Answers made at once, each in a thread of its own. More threads that only compute than there are cores take
# their time from each other, and every one of them comes late.
_COMPUTING = (os.cpu_count() or 1) + 1
_WAITING = 8
_ASKING = 2  # each with a process of the console's
_TRYING = 4  # one with the model, the others wait for it


class _Guarded(Starlette):
    """An application with the guard around all of it, also around what it says of its own defects."""

    def __init__(self, access: Access, **options: Any) -> None:
        super().__init__(**options)
        self._access = access

    def build_middleware_stack(self) -> ASGIApp:
        """Return the application as it is called."""
        inner, access = super().build_middleware_stack(), self._access
        if access.token is not None:
            inner = Entrance(inner, access.token, access.base)
        return Guard(inner, access)


def make_app(
    study: Study,
    access: Access = ON_THIS_MACHINE,
    dist: Path = front_end.DIST,
    exported: Path | None = None,
    model: Model | None = None,
) -> Starlette:
    """Return the application for `study`, for those who have `access`; its pages are those built in `dist`.

    With `exported` it shows that folder's drift runs instead of the study's own. With a `model` texts can be
    tried, and answers steered.
    """

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        app.state.computing = anyio.CapacityLimiter(_COMPUTING)
        app.state.waiting = anyio.CapacityLimiter(_WAITING)
        app.state.asking = anyio.CapacityLimiter(_ASKING)
        app.state.trying = anyio.CapacityLimiter(_TRYING)
        app.state.console = Console(study)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(app.state.snapshots.follow)
            yield
            tasks.cancel_scope.cancel()
        app.state.snapshots.close()

    routes = [
        Route("/data/{path:path}", _plainly(data), methods=["GET"]),
        Route("/api/snapshot", _plainly(snapshot), methods=["GET"]),
        Route("/api/search", _plainly(search), methods=["GET"]),
        Route("/api/responses", _plainly(words), methods=["GET"]),
        Route("/api/try", _plainly(can_try), methods=["GET"]),
        Route("/api/try", _plainly(try_text), methods=["POST"]),
        Route("/api/steer", _plainly(can_steer), methods=["GET"]),
        Route("/api/steer", _plainly(steer), methods=["POST"]),
        Route("/api/sql", _plainly(run_sql), methods=["POST"]),
        Route("/api/sql/export", _plainly(export_sql), methods=["POST"]),
        Route("/api/{path:path}", _plainly(_nothing_here), methods=["GET", "POST"]),
        Route("/{path:path}", front_end.file, methods=["GET"]),
    ]
    app = _Guarded(access, routes=routes, exception_handlers={Exception: _defect}, lifespan=lifespan)
    app.state.snapshots = Snapshots(study, exported)
    app.state.model = model
    app.state.dist = dist
    return app


async def data(request: Request) -> Response:
    """Return a resource of the newest snapshot, gzipped; 304 where the asker has it, unless it changes."""
    path: str = request.path_params["path"]
    asked = find(path)
    if asked is None:
        raise not_found(f"no resource data/{path}"[:200])
    async with request.app.state.snapshots.reading() as snapshot:
        threads = _threads(request.app, asked.resource)
        make = partial(anyio.to_thread.run_sync, partial(_answer, snapshot, asked), limiter=threads)
        if asked.resource.changes:
            return _packed(request, await make(), {"cache-control": "no-store"})
        headers = {"etag": f'W/"{snapshot.tag}"', "cache-control": "no-cache", "vary": "Accept-Encoding"}
        if request.headers.get("if-none-match") == headers["etag"]:
            return Response(status_code=304, headers=headers)
        return _packed(request, await snapshot.answers.get(path, make), headers)


def _threads(app: Starlette, resource: Resource) -> anyio.CapacityLimiter:
    state = app.state
    limiter: anyio.CapacityLimiter = (
        state.asking if resource.asks else state.waiting if resource.waits else state.computing
    )
    return limiter


def _packed(request: Request, body: bytes, headers: dict[str, str]) -> Response:
    if takes_gzip(request.headers.get("accept-encoding", "")):
        return Response(body, media_type="application/json", headers=headers | {"content-encoding": "gzip"})
    return Response(decompressed(body), media_type="application/json", headers=headers)


async def snapshot(request: Request) -> Response:
    """Return which snapshot is the newest."""
    async with request.app.state.snapshots.reading() as snapshot:
        state = {"snapshot": snapshot.identity, "published_at": snapshot.published_at.isoformat()}
    return JSONResponse(state, headers={"cache-control": "no-store"})


def _answer(snapshot: OpenSnapshot, answer: Callable[[Source], Any]) -> bytes:
    with snapshot.source() as source, within(SECONDS, source.connection):
        return compressed(encoded(answer(source)))


async def _defect(request: Request, error: Exception) -> Response:
    """Return what is answered where nothing else is; the traceback goes to the server's own log."""
    line = f"a defect of this server ({type(error).__name__}); its terminal says more"
    return JSONResponse({"error": line}, 500, headers={"cache-control": "no-store"})


async def _nothing_here(request: Request) -> Response:
    raise not_found(f"no such question: {request.url.path[:200]}")


def _plainly(
    handler: Callable[[Request], Awaitable[Response]],
) -> Callable[[Request], Awaitable[Response]]:
    """`handler`, what goes wrong in it answered as the contract's `Problem`."""

    async def handled(request: Request) -> Response:
        try:
            return await handler(request)
        except ProblemError as problem:
            return JSONResponse(problem.body(), problem.status, headers={"cache-control": "no-store"})
        except StudyError as error:
            waits = {"waits": True} if isinstance(error, NotPublishedError) else {}
            return JSONResponse({"error": str(error), **waits}, 503, headers={"cache-control": "no-store"})
        except duckdb.Error as error:
            line = f"the snapshot cannot answer this: {str(error).splitlines()[0]}"
            return JSONResponse({"error": line}, 500, headers={"cache-control": "no-store"})
        except ClientDisconnect:
            return Response(status_code=499)

    return handled
