"""Which paths below `data/` there are, and what answers each."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from persona_assets.explorer.contract import asking, claims, pages, peaks, responses, roles
from persona_assets.explorer.contract import contrasts as contrast_pages
from persona_assets.explorer.contract import findings as finding_pages
from persona_assets.explorer.contract import steered as steered_pages
from persona_assets.explorer.contract.drift import DriftRun
from persona_assets.explorer.contract.drift_runs import DriftRuns
from persona_assets.explorer.resources import (
    contrasts,
    drift,
    examples,
    feature,
    findings,
    histogram,
    line,
    map,
    overview,
    role,
    steered,
    study,
)
from persona_assets.explorer.resources.source import Source

_NAME = r"[a-z0-9_.-]+"
PARTS = {
    "sae": _NAME,
    "role": _NAME,
    "contrast": _NAME,
    "intervention": _NAME,
    "finding": _NAME,
    "order": r"[a-z_]{1,40}",
    "feature_id": r"[0-9]{1,9}",
    "page": r"[0-9]{1,9}",
    "run": r"[A-Za-z0-9_.-]{1,100}",  # other tools name their runs as they like
}
NUMBERS = ("feature_id", "page")


@dataclass(frozen=True)
class Resource:
    """Paths of one kind, such as `{sae}/role/{role}.json`, and the function of a source and their parts.

    `name` is the front end's for them; `gives` is the type of the answers. `waits`: for the lake's files,
    wherever they are, or for the roles' effects; others only compute. `asks`: it waits for SQL that the
    console runs. `changes`: it may be another without a publication, so nobody keeps it. `live`: a static
    site does without.
    """

    name: str
    template: str
    answer: Callable[..., Any]
    gives: Any
    waits: bool = False
    asks: bool = False
    changes: bool = False
    live: bool = False

    @property
    def parts(self) -> list[str]:
        """The names of the parts of its paths."""
        return re.findall(r"\{(\w+)\}", self.template)

    def match(self, path: str) -> dict[str, Any] | None:
        """Return the parts of `path`; None where it is of another kind."""
        found = self._pattern.fullmatch(path)
        if found is None:
            return None
        return {key: int(part) if key in NUMBERS else part for key, part in found.groupdict().items()}

    def path(self, **parts: Any) -> str:
        """Return the path of these parts."""
        return self.template.format(**parts)

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        pattern = re.escape(self.template).replace(r"\{", "{").replace(r"\}", "}")
        return re.compile(re.sub(r"\{(\w+)\}", lambda part: f"(?P<{part[1]}>{PARTS[part[1]]})", pattern))


@dataclass(frozen=True)
class Asked:
    """What a path asks for: a resource with the path's parts. Called with a source, it answers."""

    resource: Resource
    parts: dict[str, Any]

    def __call__(self, source: Source) -> Any:
        """Return the answer. Raises the problem that it has."""
        return self.resource.answer(source, **self.parts)


STUDY = Resource("study", "study.json", study.study, pages.Study)
EXAMPLES_OF_SQL = Resource("examples", "examples.json", study.examples, list[asking.SqlExample], live=True)
SCHEMA = Resource("schema", "schema.json", study.schema, list[asking.SchemaEntry], live=True)
DRIFT = Resource("drift_runs", "drift.json", drift.drift, DriftRuns)
DRIFT_RUN = Resource("drift_run", "drift/run/{run}.json", drift.drift_run, DriftRun)
RESPONSES = Resource(
    "responses", "role/{role}/responses/{page}.json", role.responses, responses.ResponsesPage, waits=True
)
MAP = Resource("map", "{sae}/map.json", map.map_of, pages.MapData)
NEIGHBORS = Resource("neighbors", "{sae}/neighbors.json", map.neighbors, pages.Neighbors)
FEATURES = Resource("features", "{sae}/features.json", map.features, pages.FeatureTable)
ROLES = Resource("roles", "{sae}/roles.json", overview.roles, roles.RolesOverview)
LINE = Resource("line", "{sae}/line.json", line.line, roles.Line, waits=True)
MARKS = Resource("marks_of_role", "{sae}/line/{role}.json", line.marks_of_role, roles.MarksOfRole, waits=True)
LABEL_WORTHS = Resource(
    "label_worths", "{sae}/label_worths.json", feature.label_worths, list[pages.LabelWorth]
)
FEATURE = Resource("feature", "{sae}/feature/{feature_id}.json", feature.feature, pages.FeaturePage)
EXAMPLES = Resource(
    "feature_in_role",
    "{sae}/feature/{feature_id}/{role}.json",
    examples.examples,
    responses.ExamplesOfRole,
    waits=True,
)
HISTOGRAM = Resource(
    "histogram", "{sae}/histogram/{feature_id}.json", histogram.histogram, pages.Histogram, waits=True
)
LENGTHS = Resource(
    "lengths", "{sae}/lengths/{feature_id}.json", feature.lengths, list[claims.LengthOfRole], waits=True
)
PEAKS = Resource("peaks", "{sae}/peaks/{feature_id}.json", feature.peaks, peaks.FeaturePeaks, waits=True)
ROLE = Resource("role", "{sae}/role/{role}.json", role.role, roles.RolePage, waits=True)
ROLE_IN_ORDER = Resource(
    "role_in_order",
    "{sae}/role/{role}/by/{order}.json",
    role.in_order,
    list[claims.FeatureInOrder],
    waits=True,
    live=True,
)
ROLE_FEATURES = Resource(
    "features_of_role", "{sae}/role/{role}/features.json", role.features, claims.FeaturesOfRole
)
CONTRASTS = Resource(
    "contrasts", "{sae}/contrasts.json", contrasts.contrasts, list[contrast_pages.OwnContrast]
)
CONTRAST = Resource(
    "contrast",
    "{sae}/contrast/{contrast}.json",
    contrasts.contrast,
    list[contrast_pages.FeatureOfContrast],
)
STEERED = Resource(
    "steered",
    "{sae}/steered.json",
    steered.interventions,
    list[steered_pages.RecordedIntervention],
    waits=True,
)
RECORDED = Resource(
    "recorded",
    "{sae}/steered/of/{intervention}/{role}.json",
    steered.recorded,
    steered_pages.Recorded,
    waits=True,
)
FINDINGS = Resource("findings", "findings.json", findings.findings, finding_pages.SavedFindings, changes=True)
FINDING = Resource(
    "finding", "findings/saved/{finding}.json", findings.finding, finding_pages.SavedFinding, changes=True
)
FINDING_CHECK = Resource(
    "finding_check",
    "findings/check/{finding}.json",
    findings.check,
    finding_pages.FindingCheck,
    asks=True,
    changes=True,
)

# No path is of two kinds, whatever an SAE, a role or a run is called.
RESOURCES = tuple(made for made in vars().values() if isinstance(made, Resource))


def find(path: str) -> Asked | None:
    """Return what `path` asks for, relative to `data/`; None where nothing answers it."""
    for resource in RESOURCES:
        parts = resource.match(path)
        if parts is not None:
            return Asked(resource, parts)
    return None
