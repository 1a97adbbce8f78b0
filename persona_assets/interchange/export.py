"""`persona export`: a study's fresh roles in the layouts that others read."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from persona_assets.base.atomic import placed
from persona_assets.base.errors import StudyError
from persona_assets.base.given import is_file
from persona_assets.base.progress import Progress
from persona_assets.interchange.contrasts import write_contrasts
from persona_assets.interchange.features import FeatureFiles
from persona_assets.interchange.layout import Layout, Strategy
from persona_assets.interchange.responses import write_responses
from persona_assets.interchange.scores import write_scores
from persona_assets.interchange.sparse import SparseRows, Values
from persona_assets.interchange.vectors import write_vectors
from persona_assets.interchange.viz_bundle import write_viz_bundle
from persona_assets.lake.schema import ACTIVATIONS, JUDGEMENTS, POOLED, RESPONSES
from persona_assets.stages.across_roles import AcrossRoles
from persona_assets.stages.of_roles import RoleFiles, look_at_roles
from persona_assets.study.study import Study


@dataclass(frozen=True)
class Exported:
    """What was written: roles with responses, by SAE roles with features, contrasts, and roles with
    vectors, SAEs with an atlas, and by judge roles with scores.
    """

    responses: list[str] = field(default_factory=list)
    features: dict[str, list[str]] = field(default_factory=dict)
    atlases: list[str] = field(default_factory=list)
    scores: dict[str, list[str]] = field(default_factory=dict)
    contrasts: dict[str, list[str]] = field(default_factory=dict)
    vectors: dict[str, list[str]] = field(default_factory=dict)


def export_study(study: Study, directory: str | Path, progress: Progress | None = None) -> Exported:
    """Write responses, features and aggregated files of every fresh role of `study` below `directory`, and
    its atlas, contrasts and role vectors.

    A role at a time, a few dense rows in memory; every file appears whole. `progress` hears of (roles done,
    roles). Raises StudyError where no role is fresh, or a file cannot be read or written.
    """
    if is_file(directory):
        raise StudyError(f"{directory}: is a file; name a folder")
    roles = look_at_roles(study)
    if all(files.responses is None for files in roles.values()):
        owner = study.responses_owner.name
        raise StudyError(
            f"{study.name}: no role has fresh responses; run `persona run {owner} --select responses` first"
        )
    export = _Export(study, Layout.of(study, Path(directory)))  # may ask the hub how wide SAEs are
    for number, files in enumerate(roles.values(), start=1):
        export.role(files)
        if progress is not None:
            progress(number, len(roles))
    export.aggregated()
    export.across_roles()
    return export.written


class _Export:
    """Writes role after role, and keeps one aggregated vector of each."""

    def __init__(self, study: Study, layout: Layout) -> None:
        self.study = study
        self.layout = layout
        self.features = {sae: FeatureFiles.of(study, layout, sae) for sae in study.settings.extraction.saes}
        self.written = Exported(features={sae: [] for sae in self.features})
        self.vectors: dict[tuple[str, Strategy], dict[str, Values]] = {
            (sae, strategy): {} for sae in self.features for strategy in ("mean", "max")
        }

    def role(self, files: RoleFiles) -> None:
        """Write the role's responses and features, as far as they are fresh."""
        role = files.role
        if files.responses is None:
            return
        responses = self.study.responses_owner.lake.read(RESPONSES, files.responses)
        write_responses(self.layout.responses / f"{role}.jsonl", responses)
        self.written.responses.append(role)
        self._scores(files)
        for sae, target in self.features.items():
            rows = self._rows(files, sae)
            if rows is not None:
                target.write(role, rows, responses)
                self.written.features[sae].append(role)
                self._aggregate(role, sae, rows)

    def aggregated(self) -> None:
        """Write one file for each SAE and strategy: float32[n_roles, d_sae] and the roles' names."""
        for (sae, strategy), vectors in self.vectors.items():
            if vectors:
                with placed(self.layout.aggregated(sae, strategy)) as beside, beside.open("wb") as file:
                    features = np.stack(list(vectors.values()))
                    np.savez_compressed(file, features=features, role_names=np.array(list(vectors)))

    def across_roles(self) -> None:
        """Write the atlas, the contrasts and the role vectors of every SAE that has them."""
        across = AcrossRoles.of(self.study)
        for sae in self.features:
            if write_viz_bundle(across, self.layout, sae):
                self.written.atlases.append(sae)
            if contrasts := write_contrasts(across, self.layout, sae):
                self.written.contrasts[sae] = contrasts
            if roles := write_vectors(across, self.layout, sae):
                self.written.vectors[sae] = roles

    def _scores(self, files: RoleFiles) -> None:
        """Write the role's scores, as far as its judgements are fresh."""
        judgements = files.file(JUDGEMENTS) if self.study.settings.judge else None
        if judgements is not None:
            owner = self.study.responses_owner
            asked = [question.id for question in owner.questions(owner.role(files.role))]
            content = self.study.lake.read(JUDGEMENTS, judgements)
            for judge in write_scores(self.layout, files.role, content, asked):
                self.written.scores.setdefault(judge, []).append(files.role)

    def _rows(self, files: RoleFiles, sae: str) -> SparseRows | None:
        activations, pooled = files.activations(sae), files.pooled(sae)
        if activations is None or pooled is None:
            return None
        lake = self.study.lake
        return SparseRows.from_tables(
            lake.read(ACTIVATIONS, activations), lake.read(POOLED, pooled), self.features[sae].d_sae
        )

    def _aggregate(self, role: str, sae: str, rows: SparseRows) -> None:
        """Keep the role's vectors; a role of which nothing was pooled has no mean."""
        if len(rows.response_ids):
            self.vectors[sae, "mean"][role] = rows.mean_over_responses()
            self.vectors[sae, "max"][role] = rows.max_over_responses()
