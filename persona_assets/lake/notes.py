"""What is found out once for a lake, noted there, and taken from there by everybody else."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from threading import Lock

from persona_assets.lake.storage import Storage


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
