"""A cap under which a conversation is read once more, or was answered again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from persona_assets.drift.transcript import Transcript
from persona_assets.lake.fingerprint import fingerprint
from persona_assets.models.hooks import HookPoint

if TYPE_CHECKING:
    from persona_assets.extract.extractor import Extractor
    from persona_assets.models.places import Change


@dataclass(frozen=True)
class Held:
    """A floor at `threshold`, or several at their own, of the run `of`, which is the conversation as it is.

    `key` is what is held. With `how: read` the model reads the same text while the stream at each point is
    what its change makes of it; with `how: answered` it gave its answers so, and reads them as they are.
    """

    key: str
    threshold: float | None
    of: str
    how: Literal["read", "answered"]
    changes: Mapping[HookPoint, Change]

    def run(self, transcript: Transcript) -> str:
        """Return the identity of the conversation under the cap, 10 hex digits."""
        return str(fingerprint({"run": transcript.run, "cap": self.key, "how": self.how})[:10])

    def name(self, transcript: Transcript) -> str:
        """Return what the conversation is called under the cap."""
        return f"{transcript.name} ({self.how} under a cap)"

    @contextmanager
    def reading(self, extractor: Extractor) -> Iterator[None]:
        """While open, the extractor reads as the conversation is to be read. Raises StudyError as it does."""
        if self.how == "answered":
            yield
            return
        with ExitStack() as held:
            for point, change in self.changes.items():
                held.enter_context(extractor.changed(point, change))
            yield

    def columns(self) -> dict[str, Any]:
        """Return what `DRIFT_RUNS` says of it."""
        return {"cap_of": self.of, "cap": self.how, "cap_threshold": self.threshold}


AS_IT_IS: dict[str, Any] = dict.fromkeys(("cap_of", "cap", "cap_threshold"))  # of a run without a cap
