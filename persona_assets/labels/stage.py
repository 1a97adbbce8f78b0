"""The stage `feature_labels`: what is known of an SAE's features, from wherever the study says."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa

from persona_assets.base.errors import StudyError
from persona_assets.base.jsonl import read_records, write_records
from persona_assets.base.progress import Progress
from persona_assets.base.text import MAX_NAME, cleaned
from persona_assets.labels.api import FetchReport, Notice, fetch_answers
from persona_assets.labels.cache import read_cache
from persona_assets.labels.export import read_export
from persona_assets.labels.http import PATIENCE, Patience, checked_base
from persona_assets.labels.neuronpedia import SourceId
from persona_assets.labels.remembered import notebook, recall
from persona_assets.labels.table import Label, labels_table
from persona_assets.lake.fingerprint import fingerprint
from persona_assets.lake.lake_file import LakeFile
from persona_assets.lake.schema import EXPLANATIONS, FEATURE_LABELS
from persona_assets.stages.across_roles import AcrossRoles
from persona_assets.study.settings import LabelSource
from persona_assets.study.study import Study


class LabelSources:
    """Where the labels of one SAE of a study come from, and where what was fetched is kept.

    Raises StudyError where the study has no such SAE, or its settings are not right.
    """

    def __init__(self, study: Study, sae: str) -> None:
        saes, settings = study.settings.extraction.saes, study.settings.labels
        if sae not in saes:
            raise StudyError(f"{study.name} has no SAE {sae!r}; its SAEs: {', '.join(saes)}")
        written = saes[sae].neuronpedia_id
        key = f"{study.file}: extraction.saes.{sae}.neuronpedia_id"
        self.study = study
        self.sae = sae
        self.source = SourceId.parse(written, key) if written else None
        self.api = checked_base(settings.api, f"{study.file}: labels.api")
        self.export = (
            checked_base(settings.export, f"{study.file}: labels.export") if settings.export else None
        )
        self.cache = study.path(settings.cache) if settings.cache else None

    @property
    def answers_file(self) -> Path:
        """Where the API's answers are kept."""
        return self._kept("answers", self.api)

    @property
    def export_file(self) -> Path:
        """Where the export's rows are kept."""
        return self._kept("export", self.export)

    def labels(self) -> Iterator[Label]:
        """Every label at hand, nothing fetched: source by source, as the study prefers them."""
        for source in self.study.settings.labels.sources:
            yield from self._of(source)

    def _of(self, source: LabelSource) -> Iterator[Label]:
        if source == "cache" and self.cache is not None:
            yield from read_cache(self.cache)
        if source == "api" and self.source is not None:
            for feature_id, answer in recall(self.answers_file).answers.items():
                for found in answer or ():
                    yield self._label(feature_id, found.description, source, found.model)
        if source == "export" and self.source and self.export and self.export_file.exists():
            for record in read_records(self.export_file):
                row = record.content
                yield self._label(row["feature_id"], row["description"], source, row["model"])
        if source == "explanation" and self.explanations is not None:
            for row in self.study.lake.read(EXPLANATIONS, self.explanations).to_pylist():
                if row["text"] is not None:
                    yield Label(row["feature_id"], row["text"], source, cleaned(row["model"], MAX_NAME))

    @cached_property
    def explanations(self) -> LakeFile | None:
        """The fresh file of the study's own explanations, if it asks for them and they have landed."""
        if self.study.settings.explanations is None:
            return None
        return AcrossRoles.of(self.study).file(EXPLANATIONS, self.sae)

    def _label(self, feature_id: int, description: str, origin: str, model: str | None) -> Label:
        assert self.source is not None
        return Label(feature_id, description, origin, model, self.source.page(self.api, feature_id))

    def _kept(self, what: str, base: str | None) -> Path:
        """Return a file beside the table's: an address or id that is mended begins another one."""
        name = fingerprint({"base": base, "source": str(self.source)})
        root = self.study.lake.local_root / self.study.name
        return root / "labels" / f"sae={self.sae}" / f"{what}-{name}.jsonl"


def fetch_labels(
    study: Study,
    sae: str,
    features: Sequence[int],
    *,
    limit: int | None = None,
    refresh: bool = False,
    patience: Patience = PATIENCE,
    progress: Progress | None = None,
    notice: Notice | None = None,
) -> FetchReport | None:
    """Fetch what is missing, and keep it: the export, where the study names one, else the API's answers for
    `features`. What has been kept is for `land_labels` to land.

    From the API, in the order of `features`, at most `limit`; with `refresh` what is known is fetched again.
    The report is of the API (`progress`: features); None for an export (`progress`: batches).
    Raises StudyError where the SAE has no neuronpedia_id, or a server does not answer; what came is kept.
    """
    sources = LabelSources(study, sae)
    if sources.source is None:
        raise StudyError(
            f"{study.file}: extraction.saes.{sae} has no neuronpedia_id to fetch labels for; give it one, "
            "or a file of labels in labels.cache"
        )
    if sources.export is not None:
        if refresh or not sources.export_file.exists():
            write_records(sources.export_file, _rows(sources, patience, progress))
        return None
    with notebook(sources.answers_file) as kept:
        return fetch_answers(
            sources.api, sources.source, features, kept,
            limit=limit, refresh=refresh, patience=patience, progress=progress, notice=notice,
        )  # fmt: skip


def land_labels(study: Study, sae: str) -> LakeFile:
    """Land the table `feature_labels` of all labels at hand; nothing is fetched. Returns the file, which is
    the one there is if it says the same. Raises StudyError where a file of labels is missing or damaged.
    """
    sources = LabelSources(study, sae)
    content = labels_table(sources.labels())
    current = current_labels(study, sae)
    made_from = f"imported-{_hash(content)}"
    if current is not None and current.made_from == made_from:
        return current
    inputs = [sources.explanations] if sources.explanations is not None else []
    return study.lake.write(FEATURE_LABELS, content, made_from, sae=sae, inputs=inputs)


def current_labels(study: Study, sae: str) -> LakeFile | None:
    """Return the file of the SAE's labels that stands, if one has landed."""
    return study.lake.current(FEATURE_LABELS, "", sae=sae)  # all are imported: the last revision


def _rows(sources: LabelSources, patience: Patience, progress: Progress | None) -> Iterator[dict[str, Any]]:
    assert sources.export is not None and sources.source is not None
    for row in read_export(sources.export, sources.source, patience, progress):
        explanation = row.explanation
        yield {
            "feature_id": row.feature_id,
            "description": explanation.description,
            "model": explanation.model,
        }


def _hash(content: pa.Table) -> str:
    digest = hashlib.sha256()
    for column in content.columns:
        digest.update(repr(column.to_pylist()).encode())
    return digest.hexdigest()[:16]
