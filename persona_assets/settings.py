"""What a study's YAML file may say: one model a block, unknown keys refused."""

from __future__ import annotations

import datetime as dt
import re
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

NAME = re.compile(r"[a-z0-9_-]+")

PositiveInt = Annotated[int, Field(gt=0)]


def _name(value: str) -> str:
    if not NAME.fullmatch(value):
        raise ValueError(f"{value!r} is not a name: use lower-case letters, digits, '_' and '-'")
    return value


Name = Annotated[str, AfterValidator(_name)]


class _Block(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=())


class RolesSettings(_Block):
    """Which roles take part: all of a directory of role files, or those named."""

    directory: str
    include: Literal["all"] | list[Name] = "all"


class QuestionsSettings(_Block):
    """What is asked: one file of general questions, or every role's own (`role_specific`)."""

    mode: Literal["general", "role_specific"] = "general"
    file: str | None = None
    limit: PositiveInt | None = None

    @model_validator(mode="after")
    def _file_fits_mode(self) -> Self:
        if self.mode == "general" and self.file is None:
            raise ValueError("mode general needs `file`, a JSONL file of questions")
        if self.mode == "role_specific" and self.file is not None:
            raise ValueError("mode role_specific takes each role's own questions: leave `file` out")
        return self


class GenerationSettings(_Block):
    """How responses are sampled, and by what.

    `template_date`: the day that a chat template is told which prints the date.
    """

    backend: Literal["transformers", "vllm", "openai"] = "transformers"
    model: str
    revision: str | None = None
    model_name: str | None = None
    prompt_indices: Annotated[list[Annotated[int, Field(ge=0)]], Field(min_length=1)] = [0, 1, 2, 3, 4]
    temperature: Annotated[float, Field(ge=0)] = 0.7
    top_p: Annotated[float, Field(gt=0, le=1)] = 0.9
    max_tokens: PositiveInt = 512
    max_model_len: PositiveInt = 2048
    seed: int = 0
    dtype: Literal["float32", "bfloat16", "float16"] = "bfloat16"
    template_date: dt.date | None = None
    engine: dict[str, Any] = {}

    @model_validator(mode="after")
    def _variants_are_distinct(self) -> Self:
        if len(set(self.prompt_indices)) != len(self.prompt_indices):
            raise ValueError("prompt_indices names a variant twice")
        return self

    @property
    def spoken_name(self) -> str:
        """What `{model_name}` in an instruction becomes."""
        return self.model_name or self.model.rstrip("/").rsplit("/", 1)[-1]


class SaeSettings(_Block):
    """One sparse autoencoder: a SAELens release and id, or a directory in SAELens's format."""

    release: str | None = None
    id: str | None = None
    path: str | None = None
    neuronpedia_id: str | None = None

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        hub = self.release is not None and self.id is not None
        if hub == (self.path is not None) or (self.release is None) != (self.id is None):
            raise ValueError("an SAE is either `release` and `id`, or `path`")
        return self


class EvidenceSettings(_Block):
    """How many responses show a feature in a role, and how many tokens on each side of its peak."""

    top: PositiveInt = 3
    window: Annotated[int, Field(ge=0)] = 12


TokenSelection = Literal["response_only", "response_to_end", "all"]


class ExtractionSettings(_Block):
    """Which model and SAEs read the responses, and which tokens are pooled.

    `span_tokens`: control tokens that may stand within a response, those of a thinking span or a channel.
    """

    backend: Literal["transformers", "vllm"] = "transformers"
    model: str
    revision: str | None = None
    dtype: Literal["float32", "bfloat16", "float16"] = "bfloat16"
    engine: dict[str, Any] = {}
    saes: Annotated[dict[Name, SaeSettings], Field(min_length=1)]
    token_selection: TokenSelection = "response_only"
    span_tokens: list[str] = []
    evidence: EvidenceSettings = EvidenceSettings()


class AnalysisSettings(_Block):
    """The anchor of the assistant axis, and roles left out of comparisons."""

    anchor: Name = "default"
    exclude: list[Name] = []


class AtlasSettings(_Block):
    """How features are selected and mapped."""

    strategy: Literal["mean", "max"] = "mean"
    question_centering: bool | None = None
    top_k: PositiveInt = 2000
    split_seed: int = 42
    random_seed: int = 42
    umap_n_neighbors: PositiveInt = 15
    umap_min_dist: Annotated[float, Field(ge=0)] = 0.1
    umap_random_state: int = 24
    neighbor_k: PositiveInt = 20
    quality_k: PositiveInt = 15


class LabelsSettings(_Block):
    """Where descriptions of features come from."""

    api: str = "https://www.neuronpedia.org"
    export: str | None = None
    cache: str | None = None


DriftScore = Literal["projection", "cosine_axis", "cosine_anchor"]


class DriftSettings(_Block):
    """Where conversations to be scored lie, and the space, axis and score they are measured in.

    `sae`: by default the study's first. `compared_with`: the roles whose mean the anchor is compared with,
    by default all others. `seed` draws the null bands.
    """

    directory: str = "data/conversations"
    sae: Name | None = None
    pooling: Literal["mean", "max"] = "mean"
    transform: Literal["log1p", "raw"] = "log1p"
    centering: bool = False
    l2_normalize: bool = False
    axis: Literal["difference", "pca"] = "difference"
    compared_with: Annotated[list[Name], Field(min_length=1)] | None = None
    score: DriftScore = "projection"
    null_draws: PositiveInt = 200
    seed: Annotated[int, Field(ge=0)] = 0


class StudySettings(_Block):
    """The whole of a study's `attributes`."""

    roles: RolesSettings
    questions: QuestionsSettings
    generation: GenerationSettings | None = None
    responses_from: Name | None = None
    extraction: ExtractionSettings
    analysis: AnalysisSettings = AnalysisSettings()
    atlas: AtlasSettings = AtlasSettings()
    labels: LabelsSettings = LabelsSettings()
    drift: DriftSettings = DriftSettings()

    @model_validator(mode="after")
    def _blocks_fit_together(self) -> Self:
        if (self.generation is None) == (self.responses_from is None):
            raise ValueError("a study has either `generation` or `responses_from`")
        if self.questions.mode == "role_specific" and self.atlas.question_centering:
            raise ValueError(
                "atlas.question_centering: true needs questions that all roles share; "
                "with questions.mode role_specific set it to false"
            )
        return self
