"""Asset checks: what a scientist asks before believing a number, asked of every role of a run."""

from collections.abc import Callable

import dagster as dg

from persona_assets import checks
from persona_assets.checks import CheckResult
from persona_assets.components import loaded
from persona_assets.components.assets import key
from persona_assets.errors import StudyError
from persona_assets.study import Study

# Limits of a reconstruction that is worth pooling: past the first the SAE does not fit the stream that it
# is fed (another layer, another model); an L0 outside the band means dead or saturated features.
MAX_VARIANCE_UNEXPLAINED = 0.5
L0_LIMITS = (1.0, 1000.0)
N_FIT_RESPONSES = 16  # of each role

Evaluate = Callable[[Study, str], CheckResult]


def role_checks(study: Study, roles: dg.PartitionsDefinition) -> list[dg.AssetChecksDefinition]:
    """The study's checks; each reports on every role, and as a whole."""
    generating: list[tuple[str, Evaluate]] = [("every_prompt_answered", checks.responses_complete)]
    extracting: list[tuple[str, Evaluate]] = [
        ("sae_fits_the_model", _sae_fits),
        ("activations_cover_responses", checks.activations_cover_responses),
    ]
    aggregating: list[tuple[str, Evaluate]] = [("agree_with_activations", checks.role_features_agree)]
    by_asset = {
        "responses": generating if study.settings.generation is not None else [],
        "activations": extracting,
        "role_features": aggregating,
    }
    return [
        _over_roles(study, roles, asset, name, evaluate)
        for asset, wanted in by_asset.items()
        for name, evaluate in wanted
    ]


def _over_roles(
    study: Study, roles: dg.PartitionsDefinition, asset: str, name: str, evaluate: Evaluate
) -> dg.AssetChecksDefinition:
    @dg.asset_check(
        asset=key(study, asset),
        name=name,
        partitions_def=roles,
        description=(evaluate.__doc__ or "").split("\n")[0],
    )
    def check(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
        failed = []
        for role in context.partition_keys:
            result = _evaluated(study, role, evaluate)
            failed += [] if result.passed else [f"{role}: {result.description}"]
            context.op_execution_context.log_event(
                dg.AssetCheckEvaluation(  # type: ignore[arg-type]  # logged like any event, though not typed so
                    asset_key=key(study, asset),
                    check_name=name,
                    passed=result.passed,
                    partition=role,
                    description=result.description,
                    metadata=result.metadata,
                )
            )
        return dg.AssetCheckResult(
            passed=not failed,
            severity=dg.AssetCheckSeverity.WARN,
            description="; ".join(failed) or "every role passed",
            metadata={"roles": len(context.partition_keys), "failed": len(failed)},
        )

    return check


def _evaluated(study: Study, role: str, evaluate: Evaluate) -> CheckResult:
    try:
        return evaluate(study, role)
    except StudyError as error:
        return CheckResult(passed=False, description=str(error), metadata={})


def _sae_fits(study: Study, role: str) -> CheckResult:
    """The SAE reconstructs this model's residuals: variance unexplained and mean L0 within limits."""
    complaints: list[str] = []
    metadata: dict[str, float] = {}
    for sae, fit in loaded.extraction(study).fit(role, N_FIT_RESPONSES).items():
        unexplained = fit.fraction_variance_unexplained
        metadata |= {f"{sae}: mean L0": fit.mean_l0, f"{sae}: tokens": fit.n_tokens}
        if unexplained is not None:
            metadata[f"{sae}: fraction of variance unexplained"] = unexplained
        if unexplained is not None and not unexplained <= MAX_VARIANCE_UNEXPLAINED:
            complaints.append(f"{sae} leaves {unexplained:.0%} of the variance unexplained")
        if not L0_LIMITS[0] <= fit.mean_l0 <= L0_LIMITS[1]:
            complaints.append(f"{sae} fires {fit.mean_l0:.1f} features a token")
    fits = "; ".join(complaints) or "the SAE fits the model"
    return CheckResult(passed=not complaints, description=fits, metadata=metadata)
