"""`persona labels fetch`: descriptions from Neuronpedia, kept as they come, landed and published."""

from __future__ import annotations

from persona_assets.cli.bar import bar, error_console
from persona_assets.cli.run import run_study
from persona_assets.labels.api import FetchReport
from persona_assets.labels.stage import fetch_labels
from persona_assets.labels.wanted import worth_labelling
from persona_assets.stages.across_roles import AcrossRoles
from persona_assets.study.study import Study

_FAILURES_SHOWN = 5


def fetch(study: Study, sae: str | None, limit: int | None, refresh: bool) -> None:
    """Fetch the labels that are missing, say what came, and publish it."""
    chosen = sae or study.default_sae
    console = error_console()
    with bar("asking for labels", console) as progress:
        report = fetch_labels(
            study,
            chosen,
            worth_labelling(AcrossRoles.of(study), chosen),
            limit=limit,
            refresh=refresh,
            progress=progress,
            notice=lambda sentence: console.print(sentence, highlight=False, markup=False),
        )
    for line in _told(report):
        console.print(line, highlight=False, markup=False)
    run_study(study, None, ["feature_labels", "warehouse"], False)


def _told(report: FetchReport | None) -> list[str]:
    if report is None:
        return ["the bulk export is at hand"]
    lines = [
        f"{report.labelled} features labelled; {report.unlabelled} without a label; "
        f"{report.unknown} not known to Neuronpedia"
    ]
    failed = list(report.failed.items())
    lines += [f"feature {feature_id}: {reason}" for feature_id, reason in failed[:_FAILURES_SHOWN]]
    if failed:
        lines.append(f"{len(failed)} features had no usable answer; run again to ask for them once more")
    return lines
