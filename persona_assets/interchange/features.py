"""A role's features: dense rows in an NPZ pair, what each row is in a JSONL file beside it.

Without that file the rows are taken for the lines of the role's responses, in their order: so the field's
earlier pipeline writes them today.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from persona_assets.base.errors import StudyError
from persona_assets.base.jsonl import Record, read_records, write_records
from persona_assets.interchange.identify import RoleKeys
from persona_assets.interchange.layout import Layout
from persona_assets.interchange.npz import check_pair, read_pair, write_pair
from persona_assets.interchange.responses import GivenResponse, read_answers, read_responses
from persona_assets.interchange.sparse import SparseRows
from persona_assets.models.sae import sae_width
from persona_assets.study.study import Study


@dataclass(frozen=True)
class FeatureFiles:
    """The features of a study's roles under one SAE, below `folder`; their responses below `responses`."""

    folder: Path
    responses: Path
    d_sae: int
    metadata: dict[str, Any]

    @classmethod
    def of(cls, study: Study, layout: Layout, sae: str) -> FeatureFiles:
        """Return the files in `layout`. Raises StudyError where the SAE's width cannot be read."""
        extraction = study.settings.extraction
        metadata = {
            "model_name": extraction.model,
            "sae_release": extraction.saes[sae].release,
            "sae_id": layout.sae_ids[sae],
            "token_selection": extraction.token_selection,
        }
        width = sae_width(extraction.saes[sae])
        return cls(layout.features(sae), layout.responses, width, metadata)

    def npz(self, role: str) -> Path:
        """Return the dense pair."""
        return self.folder / f"{role}.npz"

    def jsonl(self, role: str) -> Path:
        """Return what each row of the pair is."""
        return self.folder / f"{role}.jsonl"

    def has(self, role: str) -> bool:
        """Return whether the pair is there. Raises StudyError where nothing says what its rows are."""
        npz, jsonl = self.npz(role).is_file(), self.jsonl(role).is_file()
        if jsonl and not npz:
            raise StudyError(
                f"{self.jsonl(role)}: describes the rows of {role}.npz, which is missing; get it too"
            )
        if npz and not self._lines(role).is_file():
            raise StudyError(
                f"{self.npz(role)}: nothing says what its rows are; put {role}.jsonl beside it, or the "
                f"responses it was made from at {self._lines(role)}"
            )
        return npz

    def by_position(self, role: str) -> bool:
        """Return whether a row is known only by its place: nothing but the responses says what it is."""
        return not self.jsonl(role).is_file()

    def write(self, role: str, rows: SparseRows, responses: pa.Table) -> None:
        """Write both files; `responses` (`schema.RESPONSES`) says what was asked and answered."""
        self.npz(role).unlink(missing_ok=True)  # never old numbers beside new lines
        by_id = {row["response_id"]: row for row in responses.drop(_TOKEN_IDS).to_pylist()}
        write_records(self.jsonl(role), (self._line(role, by_id[key]) for key in rows.response_ids.tolist()))
        write_pair(self.npz(role), rows.shape, rows.dense)

    def read_rows(self, role: str, keys: RoleKeys) -> list[GivenResponse]:
        """Return what each row is, in order; the NPZ's shape is checked against it.

        Raises StudyError, naming file and line, for a row of another role, SAE or token selection.
        """
        lines = self._lines(role)
        if self.by_position(role):
            rows = read_responses(lines, keys)
        else:
            rows = read_answers(self._records(role), keys, "response_text")
        check_pair(self.npz(role), (len(rows), self.d_sae), lines)
        return rows

    def read(self, role: str, rows: list[GivenResponse]) -> SparseRows:
        """Return the nonzeros of the pair, whose rows are `rows`. Raises StudyError where it is damaged."""
        response_ids = [row.key.response_id for row in rows]
        blocks = read_pair(self.npz(role), (len(rows), self.d_sae))
        return SparseRows.from_blocks(response_ids, blocks, self.d_sae)

    def _lines(self, role: str) -> Path:
        """Return the file whose lines say what each row is."""
        return self.responses / f"{role}.jsonl" if self.by_position(role) else self.jsonl(role)

    def _line(self, role: str, response: dict[str, Any]) -> dict[str, Any]:
        return {
            "role_name": role,
            "system_prompt": response["system_prompt"] or "",
            "question_id": response["question_id"],
            "question": response["question"],
            "response_text": response["response"],
            "metadata": self.metadata,
        }

    def _records(self, role: str) -> Iterator[Record]:
        for record in read_records(self.jsonl(role)):
            if record.text("role_name") != role:
                raise StudyError(f"{record.where}: role_name is {record.text('role_name')!r}, not {role!r}")
            self._check_metadata(record)
            yield record

    def _check_metadata(self, record: Record) -> None:
        """Numbers of another SAE or another choice of tokens would be taken for this study's."""
        metadata = record.content.get("metadata") or {}
        if not isinstance(metadata, dict):
            raise StudyError(f"{record.where}: `metadata` must be an object")
        for key in ("sae_release", "sae_id", "token_selection"):
            ours, theirs = self.metadata[key], metadata.get(key)
            if None not in (ours, theirs) and ours != theirs:
                raise StudyError(
                    f"{record.where}: metadata.{key} is {theirs!r}, but in the study {ours!r}; "
                    "import into a study with the settings these features were made with"
                )


_TOKEN_IDS = ["prompt_token_ids", "response_token_ids"]
