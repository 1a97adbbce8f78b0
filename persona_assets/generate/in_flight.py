"""What is under way, such as the responses of a role, kept in numbered part files until it lands."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from threading import Event, Lock, Thread
from typing import Any, Generic, TypeVar

import pyarrow as pa

from persona_assets.base.errors import DamagedError, DiskError
from persona_assets.generate.backend import Completion
from persona_assets.generate.prompts import Prompt
from persona_assets.lake.fingerprint import fingerprint
from persona_assets.lake.lake import Lake
from persona_assets.lake.schema import IN_FLIGHT, Table
from persona_assets.stages.of_roles import RoleFiles

SECONDS = 30.0


Kept = TypeVar("Kept")


class Parts(Generic[Kept]):
    """What a killed run had made of a role, or of an SAE, for the next to go on from: rows of `table`.

    Each is a `kind`, whose `key` says which prompt it answers: its `Prompt.response_id`.
    """

    def __init__(
        self,
        lake: Lake,
        table: Table,
        kind: Callable[..., Kept],
        made_from: str,
        *,
        role: str | None = None,
        sae: str | None = None,
        key: str = "response_id",
    ) -> None:
        self._lake, self._table, self._kind, self._key = lake, table, kind, key
        self._role, self._sae = role, sae
        self.made_from = made_from
        self._waiting: list[dict[str, Any]] = []
        self._writing = Lock()
        self._refused: DiskError | None = None

    def kept(self, prompts: Iterable[Prompt]) -> dict[int, Kept]:
        """Return what earlier runs have kept of answers to just these prompts, by their response_id.

        An answer whose prompt is another today counts for nothing, and neither does a part that is damaged,
        or from a version that kept no prompts' hashes: all that is asked again.
        """
        asked = {prompt.response_id: prompt.hash for prompt in prompts}
        found: dict[int, Kept] = {}
        for file in self._lake.files(self._table, sae=self._sae, role=self._role):
            if file.made_from == self.made_from:
                try:
                    rows = self._lake.read(self._table, file).to_pylist()
                except DamagedError:
                    continue
                for row in rows:
                    if row.pop("prompt_hash") == asked.get(row[self._key]):
                        found[row[self._key]] = self._kind(**row)
        return found

    def add(self, answer: Kept, prompt: Prompt) -> None:
        """Keep one more, with the next part. Raises DiskError where the last one could not be written."""
        if self._refused is not None:
            raise self._refused
        self._waiting.append(vars(answer) | {"prompt_hash": prompt.hash})

    @contextmanager
    def keeping(self, every: float = SECONDS) -> Iterator[None]:
        """Write what waits every so many seconds, also while the engine is busy, and however it ends.

        Raises DiskError where it cannot be written.
        """
        over = Event()
        thread = Thread(target=self._keep, args=(over, every), name="parts", daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()
            self.flush()

    def flush(self) -> None:
        """Write what waits as the next part. Raises DiskError where it cannot be written."""
        with self._writing:
            n_waiting = len(self._waiting)
            if n_waiting:
                content = pa.Table.from_pylist(self._waiting[:n_waiting], schema=self._table.schema)
                self._lake.write(self._table, content, self.made_from, sae=self._sae, role=self._role)
                del self._waiting[:n_waiting]  # only now: a write that was broken off is made again

    def clear(self) -> None:
        """Remove every part of the role or SAE: it has landed."""
        self._lake.clear(self._table, sae=self._sae, role=self._role)

    def _keep(self, over: Event, every: float) -> None:
        while not over.wait(every):
            try:
                self.flush()
            except DiskError as error:
                self._refused = error
                return


class InFlight(Parts[Completion]):
    """What a killed run had generated of a role.

    A part belongs to the role's fingerprint, to the backend, and to the landing that it is generated for: a
    role that is made again on purpose takes nothing from the time before.
    """

    def __init__(self, files: RoleFiles, backend: str) -> None:
        replaces = files.responses.stem if files.responses else None
        made_from = {"responses": files.responses_fingerprint, "backend": backend, "replaces": replaces}
        super().__init__(files.study.lake, IN_FLIGHT, Completion, fingerprint(made_from), role=files.role)
