"""What a study's YAML file may say: one model for each block, unknown keys refused.

The text below a key is its documentation: in Dagster's pages, in `dg`, and in docs/study.md.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from persona_assets.lake.schema.of_runs import DriftScore
from persona_assets.study.backends import generation_backend

NAME = re.compile(r"[a-z0-9_-]+")

Dtype = Literal["auto", "float32", "bfloat16", "float16"]
PositiveInt = Annotated[int, Field(gt=0)]


def _name(value: str) -> str:
    if not NAME.fullmatch(value):
        raise ValueError(f"{value!r} is not a name: use lower-case letters, digits, '_' and '-'")
    return value


Name = Annotated[str, AfterValidator(_name)]


class Block(BaseModel):
    """A block of settings. Every key decides what the lake's files hold, unless the block says otherwise.

    `FIRST` names the keys that fingerprints have held from the beginning. Any other key came later, or is
    new: it enters only where it differs from its default, which must give the files of before.
    """

    model_config = ConfigDict(
        extra="forbid", frozen=True, protected_namespaces=(), use_attribute_docstrings=True
    )

    FIRST: ClassVar[frozenset[str]] = frozenset()
    ELSEWHERE: ClassVar[Mapping[str, str]] = {}  # keys that enter fingerprints in another form, and in which
    IGNORED: ClassVar[Mapping[str, str]] = {}  # keys that decide no file's content, and why

    def decisive(self) -> dict[str, Any]:
        """Return what a fingerprint holds of the block, as JSON."""
        fields = type(self).model_fields
        held = self.model_dump(mode="json", exclude={*self.ELSEWHERE, *self.IGNORED})
        return {
            key: value
            for key, value in held.items()
            if key in self.FIRST or getattr(self, key) != fields[key].default
        }


class RolesSettings(Block):
    """Which roles take part: all of a directory of role files, or those named."""

    ELSEWHERE = {
        "directory": "the roles' instructions and questions enter, wherever they lie",
        "include": "the roles that take part enter what compares them",
    }

    directory: str
    """Folder of role files, `<role>.json`: `{"instruction": [{"pos": "…"}], "questions": ["…"],
    "eval_prompt": "…"}`."""
    include: Literal["all"] | list[Name] = "all"
    """All roles of the folder, or a list of names; quote a name of digits alone, so that it stays text."""


class QuestionsSettings(Block):
    """What is asked: one file of general questions, or every role's own (`role_specific`)."""

    ELSEWHERE = {
        "mode": "the questions enter; what compares roles also takes whether they share them",
        "file": "the questions enter, wherever they lie",
        "limit": "the questions that are asked enter",
    }

    mode: Literal["general", "role_specific"] = "general"
    """`general`: all roles answer the questions of `questions.file`; `role_specific`: each role
    answers its own."""
    file: str | None = None
    """JSON lines of `{"id", "question"}`, ids below 100,000; needed by `general`."""
    limit: PositiveInt | None = None
    """Ask only the first so many questions; by default all."""

    @model_validator(mode="after")
    def _file_fits_mode(self) -> Self:
        if self.mode == "general" and self.file is None:
            raise ValueError("mode general needs `file`, a JSONL file of questions")
        if self.mode == "role_specific" and self.file is not None:
            raise ValueError("mode role_specific takes each role's own questions: leave `file` out")
        return self


# What rendering itself says to a chat template; a study does not.
_OWN_ARGUMENTS = frozenset(
    {
        "add_generation_prompt",
        "chat_template",
        "continue_final_message",
        "conversation",
        "messages",
        "padding",
    }
    | {"max_length", "return_assistant_tokens_mask", "return_dict", "return_tensors", "strftime_now"}
    | {"tokenize", "tokenizer_kwargs", "truncation"}
)


class ChatTemplateSettings(Block):
    """How conversations are rendered where the model leaves a choice."""

    ELSEWHERE = {"file": "the template's text enters, wherever it lies"}

    arguments: dict[str, Any] = {}
    """What the template is told, such as `{enable_thinking: false}`; a name that it does not read is
    refused."""
    file: str | None = None
    """A Jinja template of your own, in place of the model's."""

    @model_validator(mode="after")
    def _arguments_are_the_templates(self) -> Self:
        taken = sorted(_OWN_ARGUMENTS & self.arguments.keys())
        if taken:
            raise ValueError(f"arguments: {taken[0]!r} is not a study's to set; leave it out")
        return self


class GenerationSettings(Block):
    """How responses are sampled, and by what."""

    FIRST = frozenset({"temperature", "top_p", "max_tokens", "max_model_len", "seed"})
    ELSEWHERE = {
        "model": "the identity of its files enters, or its hub id and revision",
        "revision": "is part of the model's identity",
        "model_name": "enters as it is spoken in instructions",
        "prompt_indices": "the instructions that are used enter",
        "dtype": "the type that `auto` came to enters",
        "engine": "of its options those enter that the backend calls decisive",
        "chat_template": "enters with the text of a template of one's own",
    }
    IGNORED = {"backend": "each answers with the same model; `origin` in the responses says which it was"}

    backend: str = "transformers"
    """What answers: `transformers`, `vllm` (its engine in this process), `openai` (a server), or one of your
    own, `package.module:NAME` (see extending.md)."""
    model: str
    """A directory, or a hub id."""
    revision: str | None = None
    """Revision of a hub id; pin one, for `main` moves."""
    model_name: str | None = None
    """What `{model_name}` in an instruction becomes; by default the last part of the model's id."""
    prompt_indices: Annotated[list[Annotated[int, Field(ge=0)]], Field(min_length=1)] = [0, 1, 2, 3, 4]
    """Which instruction variants are asked, counted from 0."""
    temperature: Annotated[float, Field(ge=0)] = 0.7
    """Sampling temperature; 0 takes the likeliest token."""
    top_p: Annotated[float, Field(gt=0, le=1)] = 0.9
    """Sample from the likeliest tokens that together have this probability."""
    max_tokens: PositiveInt = 512
    """Longest answer, in tokens."""
    max_model_len: PositiveInt = 2048
    """Longest prompt and answer together, in tokens."""
    seed: int = 0
    """With role, variant and question it seeds each response."""
    dtype: Dtype = "auto"
    """Type of the weights while they answer; `auto`: see below."""
    template_date: dt.date | None = None
    """The day that a chat template prints, such as `2025-01-31`; without it a template that prints the date
    is refused."""
    chat_template: ChatTemplateSettings = ChatTemplateSettings()
    """How conversations are rendered where the model leaves a choice."""
    engine: dict[str, Any] = {}
    """Options of the backend, see below."""

    @model_validator(mode="after")
    def _variants_are_distinct(self) -> Self:
        if len(set(self.prompt_indices)) != len(self.prompt_indices):
            raise ValueError("prompt_indices names a variant twice")
        return self

    @property
    def spoken_name(self) -> str:
        """What `{model_name}` in an instruction becomes."""
        return self.model_name or self.model.rstrip("/").rsplit("/", 1)[-1]

    @property
    def decisive_engine(self) -> dict[str, Any]:
        """The options of the backend that change the numbers."""
        decisive = generation_backend(self.backend).decisive
        return {key: self.engine[key] for key in decisive if key in self.engine}


class SaeSettings(Block):
    """One sparse autoencoder: a release and id of its library, or a directory in the library's format."""

    ELSEWHERE = dict.fromkeys(("release", "id", "path"), "the SAE's identity enters")
    IGNORED = {"neuronpedia_id": "says only where labels are fetched"}

    release: str | None = None
    """Release in the registry of the library, with `id`."""
    id: str | None = None
    """The SAE's id in the release."""
    path: str | None = None
    """In place of `release` and `id`: a directory in the library's format."""
    neuronpedia_id: str | None = None
    """`model/source` under which Neuronpedia describes the SAE's features."""
    library: str = "saelens"
    """What loads it: `saelens`, or one of your own, `package.module:NAME` (see extending.md)."""

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        hub = self.release is not None and self.id is not None
        if hub == (self.path is not None) or (self.release is None) != (self.id is None):
            raise ValueError("an SAE is either `release` and `id`, or `path`")
        return self


class EvidenceSettings(Block):
    """How many responses show a feature in a role, and how many tokens on each side of its peak."""

    FIRST = frozenset({"top", "window"})

    top: PositiveInt = 3
    """Responses that are kept for each role and feature."""
    window: Annotated[int, Field(ge=0)] = 12
    """Tokens that are kept on each side of the peak."""


TokenSelection = Literal["response_only", "response_to_end", "all"]


class ExtractionSettings(Block):
    """Which model and SAEs read the responses, and which tokens are pooled."""

    FIRST = frozenset({"token_selection"})
    ELSEWHERE = {
        "model": "the identity of its files enters, or its hub id and revision",
        "revision": "is part of the model's identity",
        "dtype": "the type that `auto` came to enters",
        "saes": "each SAE's identity enters the files under it",
        "evidence": "enters what evidence is made from; activations do not depend on it",
    }
    IGNORED = {
        "backend": "each reads the same residuals",
        "engine": "says where and how fast they are read",
    }

    backend: str = "transformers"
    """What reads the responses: `transformers`, `vllm` (hook points `hook_resid_post` and
    `hook_resid_pre`), or one of your own, `package.module:NAME`."""
    model: str
    """The model whose residual stream is read: a directory, or a hub id."""
    revision: str | None = None
    """Revision of a hub id."""
    dtype: Dtype = "auto"
    """Type of the weights while they read; `auto`: see below."""
    engine: dict[str, Any] = {}
    """Options of the backend. transformers: `tokens_per_batch`, `device`; vllm: as for generation."""
    saes: Annotated[dict[Name, SaeSettings], Field(min_length=1)]
    """One or more SAEs, by a name of yours; the first is the one that questions are about unless they
    name another."""
    token_selection: TokenSelection = "response_only"
    """Which tokens are pooled, see below."""
    span_tokens: list[str] = []
    """Control tokens that may stand within a response, such as those of a thinking span or a channel; a
    response with any other is not pooled, and fails a check."""
    evidence: EvidenceSettings = EvidenceSettings()
    """How much text is kept to show what a feature fires on."""


class AnalysisSettings(Block):
    """The anchor of the assistant axis, and roles left out of comparisons."""

    ELSEWHERE = {
        "anchor": "enters the atlas and drift, which have an axis",
        "exclude": "the roles that take part enter what compares them",
    }

    anchor: Name = "default"
    """The role that others are compared with."""
    exclude: list[Name] = []
    """Roles that are left out of comparisons."""


class AtlasSettings(Block):
    """How features are selected and mapped."""

    FIRST = frozenset(
        {"strategy", "question_centering", "top_k", "split_seed", "random_seed", "umap_n_neighbors"}
        | {"umap_min_dist", "umap_random_state", "neighbor_k", "quality_k"}
    )

    strategy: Literal["mean", "max"] = "mean"
    """What of a role is compared: its means, or (`max`) its maxima."""
    question_centering: bool | None = None
    """Compare means less what all roles do on the same responses (`true`), or log(1 + mean); by
    default centred wherever roles share their questions."""
    top_k: PositiveInt = 2000
    """How many features are on the map at most; only those qualify whose spread over roles is not
    below the median."""
    split_seed: int = 42
    """Seed of the halves whose agreement is called stability."""
    random_seed: int = 42
    """Seed of the principal components."""
    umap_n_neighbors: PositiveInt = 15
    """UMAP's `n_neighbors`."""
    umap_min_dist: Annotated[float, Field(ge=0)] = 0.1
    """UMAP's `min_dist`."""
    umap_random_state: int = 24
    """UMAP's `random_state`."""
    neighbor_k: PositiveInt = 20
    """Neighbors that are kept of each feature."""
    quality_k: PositiveInt = 15
    """How many neighbors the map is judged by."""


class LabelsSettings(Block):
    """Where descriptions of features come from."""

    IGNORED = dict.fromkeys(
        ("api", "export", "cache"), "labels are named by what they say: the last that landed stand"
    )

    api: str = "https://www.neuronpedia.org"
    """Where `persona labels fetch` asks, for an SAE with a `neuronpedia_id`."""
    export: str | None = None
    """Base address of bulk exports, read in place of the API."""
    cache: str | None = None
    """A JSON file of descriptions: by feature id, or a list of `{feature_id, description, url}`."""


CheckName = Literal[
    "every_prompt_answered", "sae_fits_the_model", "activations_cover_responses", "agree_with_activations"
]
Share = Annotated[float, Field(ge=0, le=1)]


class DriftSettings(Block):
    """Where conversations to be scored lie, and the space, axis and score they are measured in."""

    FIRST = frozenset(
        {"pooling", "transform", "centering", "l2_normalize", "axis", "compared_with", "score"}
        | {"null_draws", "seed"}
    )
    ELSEWHERE = {"sae": "the SAE's identity enters, and the roles' features under it"}
    IGNORED = {"directory": "a run is named by its conversation, wherever that lies"}

    directory: str = "data/conversations"
    """Conversations and scripts to follow, see docs/drift.md."""
    sae: Name | None = None
    """The SAE that they are measured with; by default the study's first."""
    pooling: Literal["mean", "max"] = "mean"
    """How the tokens of a turn become one vector."""
    transform: Literal["log1p", "raw"] = "log1p"
    """What is done to the vectors of turns and roles first: log(1 + x), or nothing."""
    centering: bool = False
    """Subtract the mean of the roles."""
    l2_normalize: bool = False
    """Give every vector length 1."""
    axis: Literal["difference", "pca"] = "difference"
    """`difference`: from the other roles to the anchor; `pca`: the first principal component of all
    roles."""
    compared_with: Annotated[list[Name], Field(min_length=1)] | None = None
    """The roles whose mean the anchor is compared with; by default all others."""
    score: DriftScore = "projection"
    """The score that is shown first."""
    null_draws: PositiveInt = 200
    """Spans of the anchor's responses behind each null band."""
    seed: Annotated[int, Field(ge=0)] = 0
    """Seed of those draws."""


class ChecksSettings(Block):
    """Which of Dagster's checks stop a run, and how much each of them lets pass."""

    IGNORED = dict.fromkeys(
        ("stop_on", "max_empty", "max_truncated", "max_variance_unexplained"),
        "checks look at files and make none",
    )

    stop_on: list[CheckName] = []
    """Checks that stop a run where a role fails them: the step fails once all its roles are checked, and
    nothing that depends on it is made; by default a failed check warns."""
    max_empty: Share = 0.05
    """The share of a role's answers that may be empty (`every_prompt_answered`)."""
    max_truncated: Share = 0.5
    """The share of a role's answers that may be cut off at `generation.max_tokens`
    (`every_prompt_answered`)."""
    max_variance_unexplained: Annotated[float, Field(ge=0)] = 0.5
    """The share of the residuals' variance that the SAE may leave unexplained (`sae_fits_the_model`)."""


class StudySettings(Block):
    """The whole of a study's `attributes`."""

    ELSEWHERE = {"responses_from": "the responses that are read enter"}

    roles: RolesSettings
    """Which roles take part."""
    questions: QuestionsSettings
    """What they are asked."""
    generation: GenerationSettings | None = None
    """How responses are sampled, and by what."""
    responses_from: Name | None = None
    """In place of `generation`: the study whose responses are read."""
    extraction: ExtractionSettings
    """Which model and SAEs read the responses."""
    analysis: AnalysisSettings = AnalysisSettings()
    """How roles are compared."""
    atlas: AtlasSettings = AtlasSettings()
    """How features are selected and mapped."""
    labels: LabelsSettings = LabelsSettings()
    """Where descriptions of features come from."""
    drift: DriftSettings = DriftSettings()
    """How conversations are followed."""
    checks: ChecksSettings = ChecksSettings()
    """What Dagster checks, and whether a failed check stops a run."""

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

    def published(self) -> str:
        """Return the settings as JSON for all to read: of `engine` only what changes the numbers."""
        public: dict[str, Any] = {"extraction": self.extraction.model_copy(update={"engine": {}})}
        if self.generation is not None:
            engine = self.generation.decisive_engine
            public["generation"] = self.generation.model_copy(update={"engine": engine})
        return self.model_copy(update=public).model_dump_json()
