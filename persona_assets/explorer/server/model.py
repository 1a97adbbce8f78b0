"""The study's model behind the pages Try and Steer, for one asker at a time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

import anyio
from starlette.requests import Request
from starlette.responses import Response

from persona_assets.base.errors import StudyError, is_out_of_memory
from persona_assets.base.memory import give_back_freed
from persona_assets.drift.trials import Trials
from persona_assets.explorer.problems import ProblemError
from persona_assets.explorer.server.encoding import encoded
from persona_assets.explorer.snapshot.asking import Json
from persona_assets.explorer.snapshot.numbers import rounded
from persona_assets.explorer.snapshot.opened import OpenSnapshot
from persona_assets.steering.offered import Offered

if TYPE_CHECKING:
    from persona_assets.drift.transcript import Transcript
    from persona_assets.drift.tried import Tried
    from persona_assets.steering.beside import Beside, LivePairs, Question, Wanted

WAIT = 20.0  # seconds that one waits for another's text
MAX_TOKENS = 120  # of an answer
_NO_MEMORY = (
    "memory ran out, and the model is let go: ask for a shorter text or fewer edits, or start the explorer "
    "where more memory is free"
)
FRESH = {"cache-control": "no-store"}


class Model:
    """The study's model for one asker at a time. One who leaves, or waits too long, does not stop it."""

    def __init__(self, trials: Trials, offered: Offered | None = None) -> None:
        self.trials, self.study = trials, trials.study
        self.offered = offered or Offered()
        self._turn = threading.Lock()
        self._asked = set[anyio.CancelScope]()
        self.is_ending = False
        self._pairs: LivePairs | None = None

    def tried(self, transcript: Transcript, sae: str) -> list[Tried]:
        """Return what fires on each text. Raises the problem 503 where the model stays busy; StudyError."""
        with self._own_turn():
            return self.trials.tried(transcript, sae)

    def beside(self, sae: str, wanted: list[Wanted], question: Question) -> Beside:
        """Return the plain answer and the steered one. Raises as `tried`."""
        with self._own_turn():
            return self.pairs.beside(sae, wanted, question)

    @contextmanager
    def under_way(self, seconds: float) -> Iterator[None]:
        """Wait at most so many seconds in this block, and no longer where the server ends."""
        with anyio.move_on_after(seconds) as limit:
            self._asked.add(limit)
            if self.is_ending:
                limit.cancel()
            try:
                yield
            finally:
                self._asked.discard(limit)

    def end(self) -> None:
        """Have nobody wait for an answer any more; what the model does goes on."""
        self.is_ending = True
        for limit in self._asked:
            limit.cancel()

    @property
    def pairs(self) -> LivePairs:
        """What answers under edits, by the model that reads: whole from then on."""
        if self._pairs is None:
            from persona_assets.steering.beside import LivePairs

            self._pairs = LivePairs(self.trials.extraction, MAX_TOKENS)
        return self._pairs

    @contextmanager
    def _own_turn(self) -> Iterator[None]:
        if not self._turn.acquire(timeout=WAIT):
            raise ProblemError(503, "the model is busy with another text; try again")
        try:
            yield
        except Exception as error:
            if not is_out_of_memory(error):
                raise
            self._forget()
            raise ProblemError(503, _NO_MEMORY) from error
        finally:
            self._turn.release()

    def _forget(self) -> None:
        """Give back the memory of all that is loaded, until it is asked again."""
        if self._pairs is not None:
            self._pairs.close()
        self.trials.extraction.close()
        give_back_freed()


def loaded(request: Request) -> Model:
    """Return the server's model. Raises the problem 409 where it has none."""
    model: Model | None = request.app.state.model
    if model is None:
        study = request.app.state.snapshots.study.name
        raise ProblemError(409, f"no model is loaded; start the explorer so: persona explore {study} --model")
    return model


async def answered(
    request: Request, answer: Callable[[OpenSnapshot], Json], seconds: float, remedy: str
) -> Response:
    """Return what `answer` makes of the newest snapshot, and the seconds that it took.

    Raises the problems 408 after `seconds`, which does not stop it, 503 where the server ends, and 400 for a
    StudyError.
    """
    begun, model = time.monotonic(), loaded(request)
    async with request.app.state.snapshots.reading() as snapshot:
        with model.under_way(seconds):
            found = await anyio.to_thread.run_sync(
                partial(_made, answer, snapshot), abandon_on_cancel=True, limiter=request.app.state.trying
            )
            body = found | {"seconds": rounded(time.monotonic() - begun)}
            return Response(encoded(body), media_type="application/json", headers=FRESH)
    if model.is_ending:
        raise ProblemError(503, "the explorer is ended")
    raise ProblemError(408, f"timed out after {seconds:g} s; {remedy}")


def _made(answer: Callable[[OpenSnapshot], Json], snapshot: OpenSnapshot) -> Json:
    try:
        return answer(snapshot)
    except StudyError as error:
        raise ProblemError(400, str(error)) from error
