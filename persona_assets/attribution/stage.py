"""The stage `attribution`: a role's answers attributed to features, landed in the lake."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pyarrow as pa

from persona_assets.attribution.answers import read_answers, some_questions
from persona_assets.attribution.attributed import attributed
from persona_assets.attribution.model import AttributionModel
from persona_assets.attribution.tables import contents
from persona_assets.base.errors import StudyError
from persona_assets.base.progress import Progress
from persona_assets.lake.lake_file import LakeFile
from persona_assets.lake.schema import ATTRIBUTION_TABLES, FEATURE_ATTRIBUTION, RESPONSES, Table
from persona_assets.stages.dtypes import decided_extraction
from persona_assets.stages.of_roles import RoleFiles
from persona_assets.study.named_roles import check_attributed
from persona_assets.study.settings import AttributionSettings
from persona_assets.study.study import Study


class AttributionStage:
    """Attributes roles one after the other; model and SAEs are loaded when the first is missing, and kept."""

    def __init__(self, study: Study) -> None:
        self.study = study
        self._model: AttributionModel | None = None

    def land(
        self, role: str, *, overwrite: bool = False, progress: Progress | None = None
    ) -> dict[str, LakeFile]:
        """Return the role's files of `FEATURE_ATTRIBUTION` by SAE: those that are there, or made now.

        Of a role that the study does not name they are empty. Raises StudyError where the role or the anchor
        has no fresh responses, or an SAE cannot be attributed by.
        """
        files, saes = RoleFiles(self.study, role), self.study.settings.extraction.saes
        missing = [
            sae
            for sae in saes
            if overwrite or any(files.file(table, sae) is None for table in ATTRIBUTION_TABLES)
        ]
        if missing:
            self._land(files, missing, progress)
        landed = RoleFiles(self.study, role)
        return {sae: file for sae in saes if (file := landed.file(FEATURE_ATTRIBUTION, sae)) is not None}

    @property
    def model(self) -> AttributionModel:
        """Model and SAEs, loaded at first use."""
        if self._model is None:
            self._model = AttributionModel(decided_extraction(self.study), self.study.template)
        return self._model

    def close(self) -> None:
        """Give back the model's memory."""
        self._model = None

    @property
    def settings(self) -> AttributionSettings:
        """Whose answers are attributed, and how many."""
        assert self.study.settings.attribution is not None
        return self.study.settings.attribution

    def _land(self, files: RoleFiles, saes: Sequence[str], progress: Progress | None) -> None:
        if self.settings.roles and files.role not in self.settings.roles:
            for sae in saes:
                self._write(files, sae, contents(None), [])
            return
        self._check()
        inputs = [self._responses(files.role), self._responses(self.study.settings.analysis.anchor)]
        responses, beside = (self.study.responses_owner.lake.read(RESPONSES, file) for file in inputs)
        questions = some_questions(responses, beside, self.settings.questions)
        model = self.model
        answers = read_answers(responses, beside, questions, model.chat, model.settings, model.context)
        found = attributed(model, saes, answers, self.settings.sample, progress)
        for sae, of in found.items():
            self._write(files, sae, contents(of), inputs)

    def _check(self) -> None:
        """Raise StudyError where the study's answers cannot be attributed, before a model is loaded."""
        check_attributed(self.study)
        name, backend = self.study.name, self.study.settings.extraction.backend
        if backend != "transformers":
            raise StudyError(
                f"{name}: attribution is not served by extraction.backend {backend}; use transformers, which "
                "makes nothing stale"
            )
        if self.study.responses_owner.settings.questions.mode != "general":
            raise StudyError(
                f"{name}: attribution compares prompts of one question, and with questions.mode "
                "role_specific roles share none; leave attribution out"
            )

    def _responses(self, role: str) -> LakeFile:
        found = RoleFiles(self.study, role).responses
        if found is None:
            owner = self.study.responses_owner.name
            raise StudyError(
                f"{self.study.name}: role {role} has no fresh responses, which attribution needs; run "
                f"`persona run {owner} --roles {role} --select responses` first"
            )
        return found

    def _write(
        self, files: RoleFiles, sae: str, of_tables: Mapping[Table, pa.Table], inputs: Sequence[LakeFile]
    ) -> None:
        for table, content in of_tables.items():
            made_from = files.fingerprint(table, sae)
            assert made_from is not None
            self.study.lake.write(table, content, made_from, sae=sae, role=files.role, inputs=inputs)
