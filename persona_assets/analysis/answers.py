"""Roles' answers with their features and texts: what is asked of answers rather than of features."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse

from persona_assets.analysis.design import RoleSource, read_design, role_sources
from persona_assets.analysis.entries import read_entries
from persona_assets.analysis.response_vectors import read_response_vectors
from persona_assets.base.arrays import Ints, Singles
from persona_assets.models.sae import sae_width
from persona_assets.stages.across_roles import AcrossRoles


@dataclass(frozen=True)
class Answers:
    """Some answers: `features` are float32[n, d_sae] means, sparse; role, wording and question int64[n].

    `vectors` float32[n, width] are means of what the SAE reads, where they are kept and were asked for.
    """

    features: sparse.csr_matrix
    texts: list[str]
    role: Ints
    wording: Ints
    question: Ints
    vectors: Singles | None = None

    def of(self, rows: Ints) -> Answers:
        """Return the answers of these rows."""
        return Answers(
            self.features[rows],
            [self.texts[row] for row in rows],
            self.role[rows],
            self.wording[rows],
            self.question[rows],
            None if self.vectors is None else self.vectors[rows],
        )


def together(parts: Sequence[Answers]) -> Answers:
    """Return the answers of all `parts`; without vectors where one has none."""
    vectors = [part.vectors for part in parts if part.vectors is not None]
    return Answers(
        sparse.vstack([part.features for part in parts], "csr"),
        [text for part in parts for text in part.texts],
        np.concatenate([part.role for part in parts]),
        np.concatenate([part.wording for part in parts]),
        np.concatenate([part.question for part in parts]),
        np.concatenate(vectors) if len(vectors) == len(parts) else None,
    )


class ReadAnswers:
    """The compared roles' pooled answers under an SAE, read role by role; a role is its place in `roles`.

    `inputs` are the files that they are read from. With `vectors` the answers have theirs, where all roles
    do.
    """

    def __init__(self, across: AcrossRoles, sae: str, *, vectors: bool = False) -> None:
        lake, compared = across.study.lake, across.compared(sae)
        self._lake, self._vectors = lake, across.vectors_of_all(sae) if vectors else {}
        responses = {role: file for role in compared if (file := across.roles[role].responses) is not None}
        self.inputs = [*(file for files in compared.values() for file in files), *responses.values()]
        self.inputs += self._vectors.values()
        self._sources = role_sources(lake, compared)
        self.design = read_design(self._sources)
        self.roles = self.design.roles
        self._texts = {role: lake.uri(file.path) for role, file in responses.items()}
        self._d_sae = sae_width(across.study.settings.extraction.saes[sae])

    def ids(self, row: int) -> Ints:
        """Return the ids of role number `row`'s answers, int64[n], ascending."""
        return self.design.response_ids[self.design.present[row]]

    def answers(self, row: int, only: Ints | None = None) -> Answers:
        """Return the answers of role number `row` in the order of their ids, or those of the ids `only`."""
        design, source = self.design, self._sources[row]
        cells = np.flatnonzero(design.present[row])
        if only is not None:
            cells = cells[np.isin(design.response_ids[cells], only)]
        entries = read_entries(replace(source, only=only), design, self._d_sae)
        where = np.searchsorted(cells, entries.cell), entries.feature
        shape = len(cells), self._d_sae
        return Answers(
            sparse.csr_matrix((entries.value, where), shape),
            self._read_texts(source, design.response_ids[cells]),
            np.full(len(cells), row),
            design.variant_of[cells],
            design.question_of[cells],
            self._read_vectors(row, cells),
        )

    def _read_vectors(self, row: int, cells: Ints) -> Singles | None:
        if (file := self._vectors.get(self.roles[row])) is None:
            return None
        ids = self.ids(row)
        vectors = read_response_vectors(self._lake, file, ids)
        return vectors[np.searchsorted(ids, self.design.response_ids[cells])].astype(np.float32)

    def _read_texts(self, source: RoleSource, ids: Ints) -> list[str]:
        table = source.opened(self._texts[source.role]).read(["response_id", "response"])
        texts = dict(zip(table["response_id"].to_pylist(), table["response"].to_pylist(), strict=True))
        return [texts[one] for one in ids.tolist()]
