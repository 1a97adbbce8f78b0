"""Which paths below `data/` there are, and what answers each."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from persona_assets.explorer.resources import drift, examples, feature, histogram, map, overview, role, study
from persona_assets.explorer.resources.source import Source

_NAME = r"[a-z0-9_.-]+"
_PARTS = {
    "sae": _NAME,
    "role": _NAME,
    "feature_id": r"[0-9]{1,9}",
    "page": r"[0-9]{1,9}",
    "run": r"[A-Za-z0-9_.-]{1,100}",  # other tools name their runs as they like
}
_NUMBERS = ("feature_id", "page")


@dataclass(frozen=True)
class Resource:
    """Paths of one kind, such as `{sae}/role/{role}.json`, and the function of a source and their parts.

    `waits`: for the lake's files, wherever they are, or for the roles' effects; others only compute.
    """

    template: str
    answer: Callable[..., Any]
    waits: bool = False

    def match(self, path: str) -> dict[str, Any] | None:
        """The parts of `path`; None where it is of another kind."""
        found = self._pattern.fullmatch(path)
        if found is None:
            return None
        return {key: int(part) if key in _NUMBERS else part for key, part in found.groupdict().items()}

    def path(self, **parts: Any) -> str:
        """The path of these parts."""
        return self.template.format(**parts)

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        pattern = re.escape(self.template).replace(r"\{", "{").replace(r"\}", "}")
        return re.compile(re.sub(r"\{(\w+)\}", lambda part: f"(?P<{part[1]}>{_PARTS[part[1]]})", pattern))


@dataclass(frozen=True)
class Asked:
    """What a path asks for: a resource with the path's parts. Called with a source, it answers."""

    resource: Resource
    parts: dict[str, Any]

    def __call__(self, source: Source) -> Any:
        """The answer. Raises the problem that it has."""
        return self.resource.answer(source, **self.parts)


STUDY = Resource("study.json", study.study)
EXAMPLES_OF_SQL = Resource("examples.json", study.examples)
SCHEMA = Resource("schema.json", study.schema)
MAP = Resource("{sae}/map.json", map.map_of)
NEIGHBORS = Resource("{sae}/neighbors.json", map.neighbors)
FEATURES = Resource("{sae}/features.json", map.features)
ROLES = Resource("{sae}/roles.json", overview.roles)
FEATURE = Resource("{sae}/feature/{feature_id}.json", feature.feature)
EXAMPLES = Resource("{sae}/feature/{feature_id}/{role}.json", examples.examples, waits=True)
HISTOGRAM = Resource("{sae}/histogram/{feature_id}.json", histogram.histogram, waits=True)
ROLE = Resource("{sae}/role/{role}.json", role.role, waits=True)
ROLE_FEATURES = Resource("{sae}/role/{role}/features.json", role.features)
RESPONSES = Resource("role/{role}/responses/{page}.json", role.responses, waits=True)
DRIFT = Resource("drift.json", drift.drift)
DRIFT_RUN = Resource("drift/run/{run}.json", drift.drift_run)  # no page of an SAE, whatever its name

RESOURCES = (
    STUDY, EXAMPLES_OF_SQL, SCHEMA, DRIFT, DRIFT_RUN, RESPONSES, MAP, NEIGHBORS, FEATURES, ROLES, FEATURE,
    EXAMPLES, HISTOGRAM, ROLE, ROLE_FEATURES,
)  # fmt: skip


def find(path: str) -> Asked | None:
    """What `path` asks for, relative to `data/`; None where nothing answers it."""
    for resource in RESOURCES:
        parts = resource.match(path)
        if parts is not None:
            return Asked(resource, parts)
    return None
