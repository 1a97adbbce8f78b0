"""Asset checks: what a scientist asks before believing a number, asked of every role of a run."""

from collections.abc import Callable
from dataclasses import dataclass

import dagster as dg
from dagster._core.event_api import PartitionKeyFilter
from dagster._core.storage.asset_check_execution_record import AssetCheckExecutionRecordStatus

from persona_assets.base.errors import StudyError
from persona_assets.health import checks
from persona_assets.health.checks import CheckResult
from persona_assets.lake.fingerprint import fingerprint
from persona_assets.lake.lake_file import LakeFile
from persona_assets.orchestration import loaded
from persona_assets.orchestration.keys import key
from persona_assets.stages.dtypes import extraction_spans
from persona_assets.stages.of_roles import RoleFiles
from persona_assets.stages.stage import Stage
from persona_assets.stages.table import stage
from persona_assets.study.settings import CheckName
from persona_assets.study.study import Study

# An L0 outside these limits means dead or saturated features.
L0_LIMITS = (1.0, 1000.0)

_FILES = "files checked"  # the metadata by which a record says what it was of

Evaluate = Callable[[Study, str], CheckResult]


@dataclass(frozen=True)
class _Check:
    """A check of an asset, and what it evaluates for a role. The files of the stage decide its result."""

    name: CheckName
    asset: str
    evaluate: Evaluate


def role_checks(study: Study, roles: dg.PartitionsDefinition) -> list[dg.AssetChecksDefinition]:
    """Return the study's checks; each reports on every role, and as a whole."""
    generates = study.settings.generation is not None
    return [_over_roles(study, roles, check) for check in _CHECKS if generates or check.asset != "responses"]


def scores_check(study: Study) -> dg.AssetChecksDefinition:
    """Return the check that the answers of whoever scores labels can be read."""

    @dg.asset_check(
        asset=key(study, "explanation_scores"),
        name="answers_are_read",
        description=(checks.answers_read.__doc__ or "").split("\n")[0],
    )
    def answers_are_read() -> dg.AssetCheckResult:
        try:
            result = checks.answers_read(study)
        except StudyError as error:
            result = CheckResult(passed=False, description=str(error), metadata={})
        return dg.AssetCheckResult(
            passed=result.passed,
            severity=dg.AssetCheckSeverity.WARN,
            description=result.description,
            metadata=result.metadata,
        )

    return answers_are_read


def is_stopped(files: RoleFiles, instance: dg.DagsterInstance, asset: str) -> bool:
    """Return whether the role's files have not passed a check of `asset` that stops runs."""
    stop_on = files.study.settings.checks.stop_on
    stopping = [one for one in _CHECKS if one.asset == asset and one.name in stop_on]
    return any(_repeated(instance, files, check) is None for check in stopping)


def _over_roles(study: Study, roles: dg.PartitionsDefinition, check: _Check) -> dg.AssetChecksDefinition:
    stops = check.name in study.settings.checks.stop_on

    @dg.asset_check(
        asset=key(study, check.asset),
        name=check.name,
        partitions_def=roles,
        blocking=stops,
        description=(check.evaluate.__doc__ or "").split("\n")[0],
    )
    def evaluated(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
        failed = []
        for role in context.partition_keys:
            files = RoleFiles(study, role)
            result = _repeated(context.instance, files, check) or _evaluated(files, check)
            failed += [] if result.passed else [f"{role}: {result.description}"]
            _log(context, study, check, result, role)
        whole = CheckResult(
            passed=not failed,
            description="; ".join(failed) or "every role passed",
            metadata={"roles": len(context.partition_keys), "failed": len(failed)},
        )
        if failed and stops:  # logged first: a step that fails has no result
            _log(context, study, check, whole, None, dg.AssetCheckSeverity.ERROR)
            raise dg.Failure(
                f"check {check.asset}/{check.name} failed: {whole.description}", allow_retries=False
            )
        return dg.AssetCheckResult(
            passed=whole.passed,
            severity=dg.AssetCheckSeverity.WARN,
            description=whole.description,
            metadata=whole.metadata,
        )

    return evaluated


def _log(
    context: dg.AssetCheckExecutionContext,
    study: Study,
    check: _Check,
    result: CheckResult,
    role: str | None,
    severity: dg.AssetCheckSeverity = dg.AssetCheckSeverity.WARN,
) -> None:
    context.op_execution_context.log_event(
        dg.AssetCheckEvaluation(  # type: ignore[arg-type]  # logged like any event, though not typed so
            asset_key=key(study, check.asset),
            check_name=check.name,
            passed=result.passed,
            partition=role,
            severity=severity,
            description=result.description,
            metadata=result.metadata,
        )
    )


def _evaluated(files: RoleFiles, check: _Check) -> CheckResult:
    try:
        result = check.evaluate(files.study, files.role)
    except StudyError as error:
        return CheckResult(passed=False, description=str(error), metadata={})
    return CheckResult(
        result.passed, result.description, {**result.metadata, _FILES: _identity(files, check)}
    )


def _repeated(instance: dg.DagsterInstance, files: RoleFiles, check: _Check) -> CheckResult | None:
    """Return the result on record where the role's files passed the check before, under these limits."""
    found = instance.event_log_storage.get_asset_check_execution_history(
        dg.AssetCheckKey(key(files.study, check.asset), check.name),
        limit=1,
        status={AssetCheckExecutionRecordStatus.SUCCEEDED},
        partition_filter=PartitionKeyFilter(key=files.role),
    )
    event = found[0].event if found else None
    if event is None or event.dagster_event is None:
        return None
    evaluation = event.dagster_event.asset_check_evaluation_data
    of = evaluation.metadata.get(_FILES)
    identity = _identity(files, check)
    if identity is None or of is None or of.value != identity:
        return None
    said = (evaluation.description or "").removesuffix(_ON_RECORD)
    return CheckResult(True, said + _ON_RECORD, dict(evaluation.metadata))


_ON_RECORD = " (on record: the same files passed before)"


def _identity(files: RoleFiles, check: _Check) -> str | None:
    """Return what decides the result; None where a file that the check looks at is not there."""
    stems = [file and file.stem for file in _looked_at(files, stage(check.asset))]
    if None in stems:
        return None
    study = files.study
    limits = study.settings.checks.model_dump(exclude={"stop_on"})
    extraction = study.settings.extraction
    asked = [limits, extraction.span_tokens, L0_LIMITS, extraction.fit.responses]
    if (spans := extraction_spans(study)) != "all":  # as records of before have it
        asked.append(spans)
    return fingerprint({"files": stems, "limits": asked})


def _sae_fits(study: Study, role: str) -> CheckResult:
    """Return the SAE reconstructs this model's residuals: variance unexplained and mean L0 within limits."""
    complaints: list[str] = []
    metadata: dict[str, float] = {}
    # Past the limit the SAE does not fit the stream that it is fed: another layer, another model.
    limit = study.settings.checks.max_variance_unexplained
    for sae, fit in loaded.extraction(study).fit(role).items():
        told = {
            "mean L0": fit.l0,
            "tokens": fit.n_tokens,
            "outliers": fit.n_outliers,
            "fraction of variance unexplained": fit.fvu,
            "loss recovered": fit.loss_recovered,
        }
        metadata |= {f"{sae}: {name}": value for name, value in told.items() if value is not None}
        if fit.fvu is not None and not fit.fvu <= limit:
            complaints.append(f"{sae} leaves {fit.fvu:.0%} of the variance unexplained")
        if not L0_LIMITS[0] <= fit.l0 <= L0_LIMITS[1]:
            complaints.append(f"{sae} fires {fit.l0:.1f} features per token")
    fits = "; ".join(complaints) or "the SAE fits the model"
    return CheckResult(passed=not complaints, description=fits, metadata=metadata)


def _looked_at(files: RoleFiles, asset: Stage) -> list[LakeFile | None]:
    """Return the role's files of a stage, after those that they were made from."""
    upstream = [file for name in asset.needs for file in _looked_at(files, stage(name))]
    return [*upstream, *(files.file(table, sae) for sae in files.saes_of(asset) for table in asset.tables)]


_CHECKS = (
    _Check("every_prompt_answered", "responses", checks.responses_complete),
    _Check("sae_fits_the_model", "activations", _sae_fits),
    _Check("activations_cover_responses", "activations", checks.activations_cover_responses),
    _Check("agree_with_activations", "role_features", checks.role_features_agree),
)
