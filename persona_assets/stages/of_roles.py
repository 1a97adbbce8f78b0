"""Which file of a role is the right one under the study's settings of today, stage by stage.

Each stage's fingerprint holds its own settings and the identity of the file it reads, so a change
flows down the chain responses -> activations (with pooled and evidence) -> role_features by itself.
A stage's version is raised by hand whenever its code gives other results for the same input.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from persona_assets.lake.fingerprint import fingerprint
from persona_assets.lake.lake import Lake, LakeFile, Look, fresh
from persona_assets.lake.schema import (
    ACTIVATIONS,
    EVIDENCE,
    POOLED,
    RESPONSES,
    ROLE_FEATURES,
    Table,
)
from persona_assets.models.loading import identity
from persona_assets.study.settings import DECISIVE_OPTIONS, GenerationSettings
from persona_assets.study.study import Study

GENERATION_VERSION = 1
EXTRACTION_VERSION = 1
AGGREGATION_VERSION = 1

State = Literal["fresh", "stale", "missing"]


@dataclass(frozen=True)
class RoleFiles:
    """The files of one role of `study`. An answer is what the lake held when it was first asked for.

    Who asks for many roles shares one `look` among them.
    """

    study: Study
    role: str
    look: Look | None = None

    @property
    def saes(self) -> list[str]:
        """The study's SAEs, its first first."""
        return list(self.study.settings.extraction.saes)

    @cached_property
    def responses_fingerprint(self) -> str:
        """What decides the role's responses: its own instructions and questions, the sampling, the model."""
        owner = self.study.responses_owner
        generation = owner.settings.generation
        assert generation is not None
        role = owner.role(self.role)
        return fingerprint(
            {
                "version": GENERATION_VERSION,
                "role": role.name,
                "instructions": {index: role.instructions[index] for index in generation.prompt_indices},
                "questions": [[question.id, question.text] for question in owner.questions(role)],
                "model_name": generation.spoken_name,
                **_sampling(generation, owner.lake),
            }
        )

    @cached_property
    def responses(self) -> LakeFile | None:
        """The role's fresh responses; with `responses_from`, the other study's."""
        return fresh(self._files(RESPONSES), self.responses_fingerprint)

    def activations_fingerprint(self, sae: str) -> str | None:
        """What decides the role's activations under `sae`; None where it has no fresh responses."""
        if self.responses is None:
            return None
        return fingerprint({"responses": self.responses.stem, **extraction_inputs(self.study, sae)})

    def evidence_fingerprint(self, sae: str) -> str | None:
        """As `activations_fingerprint`, with how much evidence is kept."""
        activations = self.activations_fingerprint(sae)
        if activations is None:
            return None
        evidence = self.study.settings.extraction.evidence
        return fingerprint({"activations": activations, "top": evidence.top, "window": evidence.window})

    def activations(self, sae: str) -> LakeFile | None:
        """The role's fresh activations."""
        return self._current(ACTIVATIONS, self.activations_fingerprint(sae), sae)

    def pooled(self, sae: str) -> LakeFile | None:
        """The fresh list of which responses were encoded."""
        return self._current(POOLED, self.activations_fingerprint(sae), sae)

    def evidence(self, sae: str) -> LakeFile | None:
        """The role's fresh evidence; imported activations have none."""
        return self._current(EVIDENCE, self.evidence_fingerprint(sae), sae)

    def extracted(self, sae: str) -> bool:
        """Whether everything extraction makes is there."""
        activations = self.activations(sae)
        if activations is None or self.pooled(sae) is None:
            return False
        return activations.imported or self.evidence(sae) is not None

    def role_features_fingerprint(self, sae: str) -> str | None:
        """What decides the role's aggregates; None where it is not extracted."""
        activations, pooled = self.activations(sae), self.pooled(sae)
        if activations is None or pooled is None:
            return None
        return fingerprint(
            {"version": AGGREGATION_VERSION, "activations": activations.stem, "pooled": pooled.stem}
        )

    def role_features(self, sae: str) -> LakeFile | None:
        """The role's fresh aggregates."""
        return self._current(ROLE_FEATURES, self.role_features_fingerprint(sae), sae)

    def state(self, table: Table, sae: str | None = None) -> State:
        """Whether the role's file of `table` is fresh, only of other settings (stale), or missing."""
        file = self.responses if table is RESPONSES else getattr(self, table.name)(sae)
        if file is not None:
            return "fresh"
        return "stale" if self._files(table, sae) else "missing"

    def _current(self, table: Table, made_from: str | None, sae: str) -> LakeFile | None:
        if made_from is None or self.responses is None:
            return None
        if (table.name, sae) not in self._found:
            ours = _link(self.responses)
            files = self._files(table, sae)
            usable = (file for file in files if not file.imported or file.made_from.endswith(ours))
            self._found[table.name, sae] = fresh(usable, made_from)
        return self._found[table.name, sae]

    def _files(self, table: Table, sae: str | None = None) -> list[LakeFile]:
        lake = self.study.responses_owner.lake if table is RESPONSES else self.study.lake
        if self.look is not None:
            return self.look.files(lake, table, sae=sae, role=self.role)
        return lake.files(table, sae=sae, role=self.role)

    @cached_property
    def _found(self) -> dict[tuple[str, str], LakeFile | None]:
        return {}


def look_at_roles(study: Study) -> dict[str, RoleFiles]:
    """Every role of the study by name, all looked at as of one moment."""
    look = Look()
    return {role: RoleFiles(study, role, look) for role in study.role_names}


def imported_from(responses: LakeFile, content: dict[str, Any]) -> str:
    """What imported features of `responses` are named by: half their content's hash, half the responses'.

    The second half lets them go stale with the responses that they belong to.
    """
    return f"imported-{fingerprint(content)[:8]}{_link(responses)}"


def _link(responses: LakeFile) -> str:
    return fingerprint({"responses": responses.stem})[:8]


def extraction_inputs(study: Study, sae: str) -> dict[str, Any]:
    """What extraction under `sae` depends on besides the responses."""
    from persona_assets.models.sae import sae_identity

    extraction = study.settings.extraction
    return {
        "version": EXTRACTION_VERSION,
        "model": identity(extraction.model, extraction.revision, study.lake),
        "sae": sae_identity(extraction.saes[sae], study.lake),
        "dtype": extraction.dtype,
        "token_selection": extraction.token_selection,
        **({"span_tokens": sorted(extraction.span_tokens)} if extraction.span_tokens else {}),
    }


def _sampling(generation: GenerationSettings, lake: Lake) -> dict[str, Any]:
    decisive = {name: generation.engine[name] for name in DECISIVE_OPTIONS if name in generation.engine}
    return {
        "model": identity(generation.model, generation.revision, lake),
        "dtype": generation.dtype,
        "temperature": generation.temperature,
        "top_p": generation.top_p,
        "max_tokens": generation.max_tokens,
        "max_model_len": generation.max_model_len,
        "seed": generation.seed,
        **({"template_date": str(generation.template_date)} if generation.template_date else {}),
        **({"engine": decisive} if decisive else {}),
    }
