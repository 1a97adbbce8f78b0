"""The stage `baselines`: how well plain methods tell each role from the others, landed in the lake."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
from scipy import sparse

from persona_assets.analysis.baselines import Answers, baselines, together
from persona_assets.analysis.design import RoleSource, read_design
from persona_assets.analysis.entries import read_entries
from persona_assets.base.ahead import ahead
from persona_assets.base.arrays import Flags, Ints
from persona_assets.base.errors import StudyError
from persona_assets.base.progress import Progress
from persona_assets.lake.lake_file import LakeFile
from persona_assets.lake.schema import ROLE_BASELINES
from persona_assets.models.sae import sae_width
from persona_assets.stages.across_roles import AcrossRoles

OTHERS = 4000  # answers of all roles together, about as many of each, that a role is told from


def compare_baselines(
    across: AcrossRoles, sae: str, *, progress: Progress | None = None
) -> dict[str, LakeFile]:
    """Return the file of `ROLE_BASELINES`, by the table's name: found, or made now.

    `progress` counts the roles that are done. Raises StudyError as `compare_roles`.
    """
    made_from, study, lake = across.fingerprint(ROLE_BASELINES, sae), across.study, across.study.lake
    if made_from is None:
        raise StudyError(f"{study.name}: fewer than two roles have fresh activations under SAE {sae}")
    if (found := across.files((ROLE_BASELINES,), sae)) is not None:
        return found
    reading, rows = _Reading(across, sae), []
    lake.check(reading.inputs)
    drawn = reading.drawn()
    for row, answers in enumerate(ahead(reading.answers(row) for row in range(len(reading.sources)))):
        others = drawn.of(np.flatnonzero(drawn.role != row))
        told = baselines(together([answers, others]), row, reading.halves)
        rows += [{"role": reading.sources[row].role, **vars(one)} for one in told]
        if progress is not None:
            progress(row + 1, len(reading.sources))
    content = pa.Table.from_pylist(rows, schema=ROLE_BASELINES.schema)
    file = lake.write(ROLE_BASELINES, content, made_from, sae=sae, inputs=reading.inputs)
    return {ROLE_BASELINES.name: file}


class _Reading:
    """The compared roles' answers, with their features and texts."""

    def __init__(self, across: AcrossRoles, sae: str) -> None:
        lake, compared = across.study.lake, across.compared(sae)
        responses = {role: file for role in compared if (file := across.roles[role].responses) is not None}
        self.inputs = [*(file for files in compared.values() for file in files), *responses.values()]
        self.sources = [
            RoleSource(role, lake.uri(activations.path), lake.uri(pooled.path), lake.open)
            for role, (activations, pooled) in sorted(compared.items())
        ]
        self._design = read_design(self.sources)
        self._texts = {role: lake.uri(file.path) for role, file in responses.items()}
        self._d_sae = sae_width(across.study.settings.extraction.saes[sae])
        self._random = np.random.default_rng(across.study.settings.atlas.split_seed)
        wordings, questions = self._design.variant_of.max() + 1, self._design.question_of.max() + 1
        self.halves = self._half(wordings), self._half(questions)

    def drawn(self) -> Answers:
        """Return about `OTHERS` answers, as many of each role as it has, or as are its part."""
        each, parts = -(-OTHERS // len(self.sources)), []
        for row in range(len(self.sources)):
            ids = self._design.response_ids[self._design.present[row]]
            chosen = self._random.choice(ids, min(each, len(ids)), replace=False)
            parts.append(self.answers(row, np.sort(chosen)))
        return together(parts)

    def answers(self, row: int, only: Ints | None = None) -> Answers:
        """Return the answers of role number `row`, or those of these ids."""
        design, source = self._design, self.sources[row]
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

    def _half(self, n: int) -> Flags:
        return np.asarray(self._random.permutation(n) < n // 2)
