"""What decides the content of each stage's files: its settings, and the identity of the files it reads.

A change flows down the chain by itself, for a file's identity is the hash of its own inputs. Every setting is
decisive unless its block says otherwise (`study/settings`). `compared_inputs` tells it of stages that compare
roles, and `asked_inputs` of those that ask a model.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from persona_assets.base.errors import StudyError
from persona_assets.lake.fingerprint import fingerprint
from persona_assets.lake.lake_file import LakeFile
from persona_assets.lake.schema import RESPONSES, Table
from persona_assets.models.loading import identity
from persona_assets.stages.dtypes import extraction_dtype, extraction_spans, generation_dtype
from persona_assets.stages.stage import Inputs, MadeFrom
from persona_assets.study.named_roles import check_attributed
from persona_assets.study.settings import Block
from persona_assets.study.study import Study

if TYPE_CHECKING:
    from persona_assets.stages.across_roles import AcrossRoles
    from persona_assets.stages.of_conversations import DriftFiles
    from persona_assets.stages.of_marts import MartFiles
    from persona_assets.stages.of_roles import RoleFiles

FIT_VERSION = 1
FIRST_ACTIVATIONS_VERSION = 1
TOKEN_SHAPES_VERSION = 1
RESPONSE_VECTORS_VERSION = 1
VARIANT_VECTORS_VERSION = 1
DRAWN_EVIDENCE_VERSION = 1


def of_responses(files: RoleFiles, _: None) -> Inputs:
    """Return the role's own instructions and questions, the sampling, the model."""
    owner = files.study.responses_owner
    generation, role = files.study.generation, owner.role(files.role)
    return {
        "role": role.name,
        "instructions": {index: role.instructions[index] for index in generation.prompt_indices},
        "questions": [[question.id, question.text] for question in owner.questions(role)],
        "model_name": generation.spoken_name,
        "model": identity(generation.model, generation.revision, owner.lake),
        "dtype": generation_dtype(files.study),
        **generation.decisive(),
        **files.study.template.decisive(),
        **({"engine": engine} if (engine := generation.decisive_engine) else {}),
        **added_later(roles=owner.settings.roles, questions=owner.settings.questions),
    }


def of_response_spans(files: RoleFiles, _: None) -> Inputs:
    """Return the responses, whose tokens tell."""
    return None if files.responses is None else {"responses": files.responses.stem}


def of_activations(files: RoleFiles, sae: str) -> Inputs:
    """Return the responses, the model that reads them, the SAE."""
    if files.responses is None:
        return None
    return {"responses": files.responses.stem, **extraction_inputs(files.study, sae)}


def of_evidence(files: RoleFiles, sae: str) -> Inputs:
    """Return what activations are made from, and how much of the text is kept."""
    activations = files.activations_fingerprint(sae)
    if activations is None:
        return None
    return {"activations": activations, **files.study.settings.extraction.evidence.decisive()}


def of_drawn_evidence(files: RoleFiles, sae: str) -> Inputs:
    """Return what evidence is made from: what it has is not drawn."""
    evidence = of_evidence(files, sae)
    return None if evidence is None else {"version": DRAWN_EVIDENCE_VERSION, **evidence}


def of_fit(files: RoleFiles, sae: str) -> Inputs:
    """Return what activations are made from, and on how many responses the fit is measured."""
    activations = files.activations_fingerprint(sae)
    if activations is None:
        return None
    fit = files.study.settings.extraction.fit
    return {"version": FIT_VERSION, "activations": activations, **fit.decisive()}


def of_token_shapes(files: RoleFiles, sae: str) -> Inputs:
    """Return what activations are made from; no setting is asked."""
    activations = files.activations_fingerprint(sae)
    return None if activations is None else {"version": TOKEN_SHAPES_VERSION, "activations": activations}


def of_response_vectors(files: RoleFiles, sae: str) -> Inputs:
    """Return what activations are made from, and of what a vector is; None where nobody asks for any."""
    return _of_vectors(files, sae, "response", RESPONSE_VECTORS_VERSION)


def of_variant_vectors(files: RoleFiles, sae: str) -> Inputs:
    """As `of_response_vectors`, of vectors over all responses to a wording."""
    return _of_vectors(files, sae, "role_variant", VARIANT_VECTORS_VERSION)


def _of_vectors(files: RoleFiles, sae: str, of: str, version: int) -> Inputs:
    activations = files.activations_fingerprint(sae)
    if activations is None or files.study.settings.extraction.vectors != of:
        return None
    return {"version": version, "activations": activations, "vectors": of}


def of_first_activations(files: RoleFiles, sae: str) -> Inputs:
    """Return what activations are made from, and how many tokens are pooled; None where it is all alone."""
    activations, n_tokens = files.activations_fingerprint(sae), files.study.settings.extraction.first_tokens
    if activations is None or n_tokens is None:
        return None
    return {"version": FIRST_ACTIVATIONS_VERSION, "activations": activations, "first_tokens": n_tokens}


def of_attribution(files: RoleFiles, sae: str) -> Inputs:
    """Return the answers of the role and the anchor, of which some are attributed, and what reads them.

    Raises StudyError as `check_attributed`.
    """
    study, settings = files.study, files.study.settings.attribution
    if settings is None:
        return None
    check_attributed(study)
    if settings.roles and files.role not in settings.roles:
        return {"attributed": False}
    beside = files.of(study.settings.analysis.anchor)
    if files.responses is None or beside is None or beside.responses is None:
        return None
    return {
        "responses": files.responses.stem,
        "beside": beside.responses.stem,
        **extraction_inputs(study, sae),
        **settings.decisive(),
    }


def of_files(*tables: Table) -> MadeFrom:
    """Return the inputs of a role's stage without settings: the role's files of `tables`."""

    def made_from(files: RoleFiles, sae: str) -> Inputs:
        found = [files.file(table, sae if table.per_sae else None) for table in tables]
        stems = {table.name: file.stem for table, file in zip(tables, found, strict=True) if file}
        return stems if len(stems) == len(tables) else None

    return made_from


def of_directions(across: AcrossRoles, sae: str) -> Inputs:
    """Return the model and the SAE, of which nothing else is asked; None where they are not to be had."""
    try:
        return read_by(across.study, sae)
    except StudyError:
        return None


def of_drift(drift: DriftFiles, run: str) -> Inputs:
    """The conversation's codes, and the roles that it is measured against. Raises StudyError as `check`."""
    drift.check()
    return {**drift.measuring, "codes": drift.codes_fingerprint(run)}


def of_mart(marts: MartFiles, name: str) -> Inputs:
    """The mart's SQL, and what it reads. Raises StudyError where the SQL is not right."""
    return marts.made_from(name)


def extraction_inputs(study: Study, sae: str) -> dict[str, Any]:
    """Return what extraction under `sae` depends on besides its version and the responses."""
    extraction = study.settings.extraction
    decisive = extraction.decisive()
    if "span_tokens" in decisive:
        decisive["span_tokens"] = sorted(extraction.span_tokens)
    if extraction.token_selection != "response_only":  # then the template's end of the conversation counts
        decisive |= study.template.decisive()
    if (spans := extraction_spans(study)) != "all":  # as it was before there was a choice
        decisive["spans"] = spans
    return {**read_by(study, sae), "dtype": extraction_dtype(study), **decisive}


def read_by(study: Study, sae: str) -> dict[str, Any]:
    """Return what identifies the model that reads the responses, and the SAE."""
    from persona_assets.models.sae import sae_identity

    extraction = study.settings.extraction
    return {
        "model": identity(extraction.model, extraction.revision, study.lake),
        "sae": {**sae_identity(extraction.saes[sae], study.lake), **extraction.saes[sae].decisive()},
    }


def added_later(**blocks: Block) -> dict[str, Any]:
    """Return what later versions added to blocks whose first keys all enter in another form."""
    return {f"{name} settings": held for name, block in blocks.items() if (held := block.decisive())}


def link(responses: LakeFile) -> str:
    """Return what ties imported features to the responses that they belong to: half of a hash."""
    return fingerprint({RESPONSES.name: responses.stem})[:8]
