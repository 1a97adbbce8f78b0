"""Roles' answers with their features and texts: what is asked of answers rather than of features."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse

from persona_assets.analysis.design import RoleSource, read_design, role_sources
from persona_assets.analysis.entries import read_entries
from persona_assets.base.arrays import Ints
from persona_assets.models.sae import sae_width
from persona_assets.stages.across_roles import AcrossRoles


@dataclass(frozen=True)
class Answers:
    """Some answers: `features` are float32[n, d_sae] means, sparse; role, wording and question int64[n]."""

    features: sparse.csr_matrix
    texts: list[str]
    role: Ints
    wording: Ints
    question: Ints

    def of(self, rows: Ints) -> Answers:
        """Return the answers of these rows."""
        texts = [self.texts[row] for row in rows]
        return Answers(self.features[rows], texts, self.role[rows], self.wording[rows], self.question[rows])


def together(parts: Sequence[Answers]) -> Answers:
    """Return the answers of all `parts`."""
    return Answers(
        sparse.vstack([part.features for part in parts], "csr"),
        [text for part in parts for text in part.texts],
        *(
            np.concatenate([getattr(part, name) for part in parts])
            for name in ("role", "wording", "question")
        ),
    )


class ReadAnswers:
    """The compared roles' pooled answers under an SAE, read role by role; a role is its place in `roles`.

    `inputs` are the files that they are read from.
    """

    def __init__(self, across: AcrossRoles, sae: str) -> None:
        lake, compared = across.study.lake, across.compared(sae)
        responses = {role: file for role in compared if (file := across.roles[role].responses) is not None}
        self.inputs = [*(file for files in compared.values() for file in files), *responses.values()]
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
        )

    def _read_texts(self, source: RoleSource, ids: Ints) -> list[str]:
        table = source.opened(self._texts[source.role]).read(["response_id", "response"])
        texts = dict(zip(table["response_id"].to_pylist(), table["response"].to_pylist(), strict=True))
        return [texts[one] for one in ids.tolist()]
