"""How long to wait before a server is asked again."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime


@dataclass(frozen=True)
class Backoff:
    """Exponential backoff with full jitter: `first` seconds at most, doubled at each retry up to `longest`.

    The defaults spread ten retries over three minutes on average, which is what a server's restart takes.
    """

    first: float = 0.5
    longest: float = 120.0

    def wait(self, attempt: int, asked: float = 0.0) -> float:
        """Seconds before retry `attempt` (from 0), never below what the server `asked` for, up to `longest`.

        The jitter comes on top: those who were turned away together must not come back together.
        """
        bound = min(self.longest, self.first * 2**attempt)
        return min(asked, self.longest) + random.uniform(0, bound)


def retry_after(header: str | None) -> float:
    """Seconds that a Retry-After header asks for, as a number or by an HTTP date; 0 where it says nothing."""
    header = (header or "").strip()
    if re.fullmatch(r"\d+(\.\d+)?", header, re.ASCII):
        return float(header)
    try:
        when = parsedate_to_datetime(header)
    except (ValueError, OverflowError):  # the latter for a year of too many digits
        return 0.0
    return max(0.0, (when.replace(tzinfo=when.tzinfo or UTC) - datetime.now(UTC)).total_seconds())
