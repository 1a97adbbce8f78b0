"""The stage `activations`: SAE features, extracted from a role's responses and landed in the lake."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pyarrow as pa

from persona_assets.base.errors import StudyError
from persona_assets.base.progress import Progress
from persona_assets.extract.extractor import Extraction, Extractor
from persona_assets.extract.quality import Fit
from persona_assets.extract.tables import fit_table
from persona_assets.lake.lake_file import LakeFile
from persona_assets.lake.schema import ACTIVATIONS, RESPONSES, SAE_FIT, Table
from persona_assets.stages.default_prompt import default_system_prompt
from persona_assets.stages.dtypes import decided_extraction
from persona_assets.stages.of_roles import RoleFiles
from persona_assets.stages.spans import land_spans
from persona_assets.stages.table import stage_of
from persona_assets.study.study import Study

if TYPE_CHECKING:
    from persona_assets.extract.backbone import Backbone
    from persona_assets.models.sae import Sae


class ExtractionStage:
    """Extracts roles one after the other; model and SAEs are loaded when the first is missing, and kept."""

    def __init__(self, study: Study) -> None:
        self.study = study
        self._extractor: Extractor | None = None

    def land(
        self, role: str, *, overwrite: bool = False, progress: Progress | None = None
    ) -> dict[str, LakeFile]:
        """The role's activations by SAE: those that are there, or, extracted now, those that were missing.

        One forward pass serves all SAEs; it is made again for what an earlier version did not keep. Raises
        StudyError where the role has no fresh responses.
        """
        saes = self.study.settings.extraction.saes
        files = RoleFiles(self.study, role)
        stage = stage_of(ACTIVATIONS)
        lacking = {sae: files.lacking(stage, sae) for sae in saes}
        unfitted = [sae for sae in saes if lacking[sae] == [SAE_FIT] and not overwrite]
        missing = [sae for sae in saes if overwrite or (lacking[sae] and sae not in unfitted)]
        if unfitted:
            self._land_fits(files, unfitted)  # on a sample of the responses
        if missing:
            responses = self._responses(files)
            # Of responses from before this was done:
            land_spans(files, responses, self.extractor.tokenizer)
            default_system_prompt(self.study, self.extractor.tokenizer)
            extractions = self.extractor.extract(responses, missing, progress)
            for sae, extraction in extractions.items():
                self._land_sae(files, sae, extraction, overwrite)
        landed = RoleFiles(self.study, role)
        return {sae: file for sae in saes if (file := landed.activations(sae)) is not None}

    def fit(self, role: str) -> dict[str, Fit]:
        """Return how well each SAE fits the model in a role, as the lake has it, or measured and landed now.

        Raises StudyError where no response of the role is pooled.
        """
        files = RoleFiles(self.study, role)
        found: dict[str, Fit] = {}
        for sae in self.study.settings.extraction.saes:
            file = files.file(SAE_FIT, sae)
            rows = self.study.lake.read(SAE_FIT, file).to_pylist() if file else []
            if rows:
                found[sae] = Fit(**rows[0])
        lacking = [sae for sae in self.study.settings.extraction.saes if sae not in found]
        return found | self._land_fits(files, lacking) if lacking else found

    @property
    def extractor(self) -> Extractor:
        """Model and SAEs, loaded at first use."""
        if self._extractor is None:
            self._extractor = Extractor.open(decided_extraction(self.study), self.study.template)
        return self._extractor

    def whole(self) -> Backbone | None:
        """Return the whole model, which reads on, too; None where another process holds it.

        Raises StudyError where it cannot be loaded; the model is let go then, until it is asked again.
        """
        held = self.extractor.held
        if held is None:
            return None
        try:
            return held.whole()
        except BaseException:
            self.close()
            raise

    def sae(self, name: str) -> Sae | None:
        """Return the SAE that the study calls `name`; None where another process holds it."""
        held = self.extractor.held
        return None if held is None else held.sae(name)

    def close(self) -> None:
        """Give back the model's memory, and end the engine that holds it."""
        if self._extractor is not None:
            self._extractor.close()
        self._extractor = None

    def _responses(self, files: RoleFiles) -> pa.Table:
        owner = self.study.responses_owner
        if files.responses is None:
            raise StudyError(
                f"{self.study.name}: role {files.role} has no fresh responses to extract from; "
                f"run `persona run {owner.name} --roles {files.role} --select responses` first"
            )
        return owner.lake.read(RESPONSES, files.responses)

    def _land_fits(self, files: RoleFiles, saes: Sequence[str]) -> dict[str, Fit]:
        fits = self.extractor.fits(self._responses(files), saes)
        for sae, fit in fits.items():
            self._write(files, SAE_FIT, sae, fit_table(fit))
        return fits

    def _land_sae(self, files: RoleFiles, sae: str, extraction: Extraction, overwrite: bool) -> None:
        """Land what is missing. Activations come last: where they are, the role is done."""
        for table in stage_of(ACTIVATIONS).landed:
            content = extraction.tables.get(table.name)
            if content is not None and (overwrite or files.file(table, sae) is None):
                self._write(files, table, sae, content)

    def _write(self, files: RoleFiles, table: Table, sae: str, content: pa.Table) -> None:
        made_from = files.fingerprint(table, sae)
        assert made_from is not None and files.responses is not None
        self.study.lake.write(table, content, made_from, sae=sae, role=files.role, inputs=[files.responses])
