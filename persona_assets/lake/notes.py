"""What is found out once for a lake, noted there, and taken from there by everybody else."""

from __future__ import annotations

import copy
from collections.abc import Callable
from contextlib import suppress
from threading import Lock

from persona_assets.lake.storage import Storage

_IDENTITIES = "identities"  # a folder of the study: of models and SAEs, what `noted` tells
_SETTLED = "settled"  # a folder of the study: what was decided when its first file landed


class Notes:
    """Short texts by their path in `storage`: those that are there, and those that are to be kept."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._known: dict[str, str] = {}
        self._to_keep: dict[str, str] = {}
        self._keeping = Lock()

    def told(self, path: str, find_out: Callable[[], str], unless: str | None = None) -> str:
        """Return the note at `path`; where there is none, what is found out now, for `keep` to write.

        Where that is `unless`, it is not written.
        """
        if path not in self._known:
            found = self._storage.text(path)
            self._known[path] = find_out() if found is None else found.strip()
            if found is None and self._known[path] != unless:
                self._to_keep[path] = self._known[path]
        return self._known[path]

    def newest(self, path: str, found: str | None) -> str | None:
        """Return `found`, for `keep` to note after what was found before it; where it is None, the last note.

        The notes are at `path` and a number, for none is written twice.
        """
        n, last = 0, None
        while (text := self._at(f"{path}-{n}")) is not None:
            n, last = n + 1, text
        if found is None or found == last:
            return last
        self._known[f"{path}-{n}"] = self._to_keep[f"{path}-{n}"] = found
        return found

    def _at(self, path: str) -> str | None:
        if path not in self._known and (text := self._storage.text(path)) is not None:
            self._known[path] = text.strip()
        return self._known.get(path)

    def keep(self) -> None:
        """Write what was found out. Raises DiskError where the disk or the store refuses."""
        with self._keeping:  # a second thread returns when the first has written all
            while self._to_keep:
                path, text = next(iter(self._to_keep.items()))
                with suppress(FileExistsError), self._storage.placing(path) as beside:  # another has noted it
                    beside.write_text(text)
                del self._to_keep[path]


class StudyNotes:
    """What is noted of a study: facts of its models and SAEs, and what was settled by its first file."""

    def __init__(self, storage: Storage, study: str) -> None:
        self._study = study
        self._identities, self._decisions = Notes(storage), Notes(storage)

    def of(self, study: str) -> StudyNotes:
        """Return the notes of another study in the same lake; those of both are kept together."""
        other = copy.copy(self)
        other._study = study
        return other

    def noted(self, files: str, others: str) -> str:
        """Return which other files a model's or SAE's folder held when its `files` were first seen here.

        Where nobody has noted it, those are `others`: noted as soon as something lands or is published.
        """
        return self.found_out(files, lambda: others)

    def found_out(self, fact: str, find_out: Callable[[], str]) -> str:
        """Return a fact of a model or SAE, noted when something lands or is published next.

        Raises what `find_out` does.
        """
        return self._identities.told(f"{self._study}/{_IDENTITIES}/{fact}", find_out)

    def newest(self, fact: str, found: str | None) -> str | None:
        """Return what is found of something that may change, noted as by `found_out`.

        None is found of what is not here: then it is what was noted last, None where nobody has.
        """
        return self._identities.newest(f"{self._study}/{_IDENTITIES}/{fact}", found)

    def settled(self, question: str, decide: Callable[[], str], unless: str | None = None) -> str:
        """Return the answer that was given when the study's first file landed.

        Where none has landed it is `decide()`, which is settled as soon as this process lands something;
        `unless` is the answer where nothing is to be settled.
        """
        return self._decisions.told(f"{self._study}/{_SETTLED}/{question}", decide, unless)

    def keep(self) -> None:
        """Write what is to be noted as a file lands. Raises DiskError where the disk or store refuses."""
        self.keep_identities()
        self._decisions.keep()

    def keep_identities(self) -> None:
        """Write what is to be noted of models and SAEs alone: a publication settles nothing."""
        self._identities.keep()
