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
from persona_assets.lake.lake_file import LakeFile
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
        self._read: dict[str, list[dict[str, Any]]] = {}  # by the part's path
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
            for row in self._rows(file) if file.made_from == self.made_from else ():
                if row["prompt_hash"] == asked.get(row[self._key]):
                    of_answer = {name: value for name, value in row.items() if name != "prompt_hash"}
                    found[row[self._key]] = self._kind(**of_answer)
        return found

    def _rows(self, file: LakeFile) -> list[dict[str, Any]]:
        """Return what a part holds, read once: whoever asks for prompts a few at a time asks for it often."""
        if file.path not in self._read:
            try:
                self._read[file.path] = self._lake.read(self._table, file).to_pylist()
            except DamagedError:
                self._read[file.path] = []
        return self._read[file.path]

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
        self._read.clear()

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
