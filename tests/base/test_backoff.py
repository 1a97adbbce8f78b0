from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from persona_assets.base.backoff import Backoff, retry_after


def test_waits_are_drawn_from_a_range_that_doubles_up_to_the_longest() -> None:
    backoff = Backoff(first=1.0, longest=20.0)
    for attempt, bound in enumerate([1, 2, 4, 8, 16, 20, 20]):
        waits = [backoff.wait(attempt) for _ in range(500)]
        assert 0 <= min(waits) < 0.1 * bound
        assert 0.9 * bound < max(waits) <= bound


def test_a_wait_is_never_shorter_than_the_server_asks_for_and_still_has_jitter() -> None:
    waits = [Backoff(first=1.0).wait(2, asked=30.0) for _ in range(500)]
    assert 30 <= min(waits) < max(waits) <= 34


def test_a_server_that_asks_for_an_hour_is_not_heeded_beyond_the_longest_wait() -> None:
    assert Backoff(first=0.0, longest=120.0).wait(0, asked=3600.0) == 120


@pytest.mark.parametrize(
    ("header", "seconds"), [("7", 7), (" 0.5 ", 0.5), ("0", 0), ("9" * 400, float("inf"))]
)
def test_retry_after_may_be_seconds(header: str, seconds: float) -> None:
    assert retry_after(header) == seconds


def test_retry_after_may_be_an_http_date() -> None:
    now = datetime.now(UTC)
    assert retry_after(format_datetime(now + timedelta(hours=1), usegmt=True)) == pytest.approx(3600, abs=60)
    assert retry_after(format_datetime(now - timedelta(hours=1), usegmt=True)) == 0


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "soon",
        "-3",
        "nan",
        "Mon, 99 Foo 2026 00:00:00 GMT",
        "1 Jan 99999999999999999999 00:00:00 GMT",
    ],
)
def test_retry_after_that_says_nothing_asks_for_nothing(header: str | None) -> None:
    assert retry_after(header) == 0
