"""Asks Neuronpedia for one feature after the other: several at a time, resting while a rate limit holds."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

from persona_assets.base.errors import StudyError
from persona_assets.base.progress import Progress
from persona_assets.base.waiting import first_done, waited
from persona_assets.labels.http import PATIENCE, Patience, RateLimitedError, Web
from persona_assets.labels.neuronpedia import SourceId, read_answer
from persona_assets.labels.remembered import Explanations, Notebook, Remembered

Notice = Callable[[str], None]  # hears, in a sentence, why nothing moves for a while

_LARGEST_ANSWER = 32 * 2**20  # bytes; an answer carries the feature's top activations too
_FAILURES_IN_A_ROW = 20
_STRANGERS = 100


@dataclass
class FetchReport:
    """What became of the features asked for: `labelled` have a description, `unlabelled` none, `unknown` are
    no features to Neuronpedia; `failed` holds why there was no usable answer (they are asked for next time).
    """

    labelled: int = 0
    unlabelled: int = 0
    unknown: int = 0
    failed: dict[int, str] = field(default_factory=dict)

    @property
    def answered(self) -> int:
        """How many answers there were."""
        return self.labelled + self.unlabelled + self.unknown

    def count(self, answer: Explanations) -> None:
        """Count one answer."""
        self.labelled += bool(answer)
        self.unlabelled += answer == []
        self.unknown += answer is None


def fetch_answers(
    api: str,
    source: SourceId,
    features: Sequence[int],
    notebook: Notebook,
    *,
    limit: int | None = None,
    refresh: bool = False,
    concurrency: int = 8,
    patience: Patience = PATIENCE,
    progress: Progress | None = None,
    notice: Notice | None = None,
) -> FetchReport:
    """Ask the server `api` for those of `features` that `notebook` does not know; write the answers there.

    In the order of `features`, at most `limit`; with `refresh` those known are asked for again. `progress`
    hears of (features done, features to be asked for). Raises StudyError, what was answered being kept, where
    the server fails again and again, knows none of the source's features, or limits the rate for longer than
    `patience.limit`.
    """
    chosen = list(dict.fromkeys(features))
    if not refresh:
        chosen = [feature_id for feature_id in chosen if not notebook.remembered.is_settled(feature_id)]
    chosen = chosen[:limit]
    if refresh:
        notebook.ask_again([feature_id for feature_id in chosen if feature_id in notebook.remembered.answers])
    else:
        _check_source(api, source, notebook.remembered)
    with Web(patience) as web:
        fetching = _Fetching(web, api, source, chosen, notebook, concurrency)
        return fetching.run(progress or _nothing, notice or _nothing)


class _Fetching:
    """One run: this thread keeps the queue and writes; others only ask."""

    def __init__(
        self, web: Web, api: str, source: SourceId, chosen: list[int], notebook: Notebook, concurrency: int
    ) -> None:
        self.web = web
        self.api = api
        self.source = source
        self.queue = deque(chosen)
        self.total = len(chosen)
        self.notebook = notebook
        self.concurrency = concurrency
        self.report = FetchReport()
        self.asking: dict[Future[Explanations], int] = {}
        self.failures_in_a_row = 0
        self.limited: RateLimitedError | None = None
        self.rested = 0.0
        self.rests = 0

    def run(self, progress: Progress, notice: Notice) -> FetchReport:
        with ThreadPoolExecutor(self.concurrency, thread_name_prefix="labels") as pool:
            try:
                while self.queue or self.asking:
                    self._ask(pool)
                    for future in first_done(self.asking):
                        self._take(self.asking.pop(future), future)
                    progress(self.report.answered + len(self.report.failed), self.total)
                    if self.limited and not self.asking:
                        self._rest(notice)
            finally:
                self.web.stop.set()  # nobody waits for another try when this one is stopped
        if self.report.failed and not self.report.answered:
            raise self._stopped(next(iter(self.report.failed.values())))
        return self.report

    def _ask(self, pool: ThreadPoolExecutor) -> None:
        """Send questions: as many as may be under way, or, after a rate limit, a single one to see."""
        room = 1 if self.rested else self.concurrency
        while self.queue and len(self.asking) < room and self.limited is None:
            feature_id = self.queue.popleft()
            self.asking[pool.submit(self._answer, feature_id)] = feature_id

    def _answer(self, feature_id: int) -> Explanations:
        status, body = self.web.get(self.source.question(self.api, feature_id), _LARGEST_ANSWER)
        if status == 404:
            return None
        try:
            return read_answer(body, self.source, feature_id)
        except (ValueError, RecursionError) as error:
            shown = body[:60].decode("utf-8", "replace")
            raise StudyError(f"{self.api} answers with something that is not JSON: {shown!r}") from error

    def _take(self, feature_id: int, future: Future[Explanations]) -> None:
        try:
            answer = future.result()
        except RateLimitedError as error:
            self.limited = error
            self.queue.appendleft(feature_id)
            return
        except StudyError as error:
            self._take_failure(feature_id, error)
            return
        self.rested, self.rests, self.failures_in_a_row = 0.0, 0, 0
        self.notebook.remember(feature_id, answer)
        self.report.count(answer)
        if self.report.unknown >= _STRANGERS:
            _check_source(self.api, self.source, self.notebook.remembered)

    def _take_failure(self, feature_id: int, error: StudyError) -> None:
        self.report.failed[feature_id] = str(error)
        self.failures_in_a_row += 1
        if self.failures_in_a_row >= _FAILURES_IN_A_ROW:
            raise self._stopped(str(error)) from error

    def _rest(self, notice: Notice) -> None:
        """Wait, longer each time, until the rate limit may be over."""
        assert self.limited is not None
        patience, limited = self.web.patience, self.limited
        if self.rested >= patience.limit:
            raise self._stopped(str(limited)) from limited
        asked = min(limited.asked, patience.limit)
        rest = max(asked, 1.0) if asked else patience.limit_pauses.wait(self.rests)
        notice(
            f"{self.api} allows no more questions for now; {self.report.answered:,} of {self.total:,} "
            f"answers are kept; asking again in {rest:.0f} s (stop as you like, the next run goes on)"
        )
        waited(self.web.stop, rest)
        self.rested += rest
        self.rests += 1
        self.limited = None

    def _stopped(self, reason: str) -> StudyError:
        return StudyError(
            f"fetching labels of {self.source} stopped with {self.report.answered:,} of {self.total:,} "
            f"answers, which are kept; run again to go on. Last reason: {reason}"
        )


def _check_source(api: str, source: SourceId, remembered: Remembered) -> None:
    """Raise StudyError where the server knows none of many features: it is the source it does not know."""
    if len(remembered.answers) >= _STRANGERS and not any(
        answer is not None for answer in remembered.answers.values()
    ):
        raise StudyError(
            f"{api} knows none of the {len(remembered.answers)} features of {source} it was asked for; check "
            "the SAE's neuronpedia_id, or refresh if the source has come there since"
        )


def _nothing(*_: object) -> None:
    """Hear and say nothing."""
