"""What can go wrong by a user's hand; the command line turns it into one clear line and exit status 2."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from persona_assets.base.secrets import without_secrets


class StudyError(Exception):
    """A mistake in a study, its data or its place on disk: the message says what, where and the remedy.

    A password in a URL is taken out of the message.
    """

    def __init__(self, message: str) -> None:
        super().__init__(without_secrets(message))


class DamagedError(StudyError):
    """A file of the lake does not hold what was written; `reason` says how that was seen."""

    def __init__(self, message: str, reason: str = "") -> None:
        super().__init__(message)
        self.reason = reason or message


class NotPublishedError(StudyError):
    """A study has no snapshot yet: its first run publishes one."""


class RunInterruptedError(StudyError):
    """Somebody pressed Ctrl-C: no mistake, but the end of the command."""


class UnforeseenError(StudyError):
    """An error in a run that no code expects: a defect of this package, not a user's mistake."""


class HaltError(StudyError):
    """What every role needs is gone: a run ends at once, since no further role could land either."""


class DiskError(HaltError):
    """The disk refused a write."""


class EngineError(HaltError):
    """The server or engine that answers refused, went away, or ended a request by itself."""


def is_out_of_memory(error: BaseException) -> bool:
    """Return whether an error says that a GPU's memory has run out, or this machine's; loads no torch."""
    names = {one.__name__ for one in type(error).__mro__}
    return not names.isdisjoint({"MemoryError", "OutOfMemoryError"}) or "can't allocate memory" in str(error)


_REMEDIES = {
    errno.ENOSPC: "free some space",
    errno.EDQUOT: "free some quota",
    errno.EROFS: "mount it writable",
    errno.EACCES: "make it writable",
}


@contextmanager
def writing(target: object, elsewhere: str = "point PERSONA_LAKE elsewhere") -> Iterator[None]:
    """Turn an operating system's refusal to write `target` into a `DiskError` with the remedy.

    `elsewhere` is the user's other way out.
    """
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        remedy = _REMEDIES.get(error.errno or 0, "check the path and the disk")
        raise DiskError(
            f"cannot write {target}: {reason}; {remedy}, or {elsewhere}, and run again"
        ) from error
