"""How roles are compared, features mapped and labelled, and conversations followed."""

from __future__ import annotations

from typing import Annotated, Literal, Self, get_args

from pydantic import Field, model_validator

from persona_assets.lake.schema.of_runs import DriftScore
from persona_assets.study.settings.block import Block, Name, PositiveInt, Seed

DriftSpace = Literal["sae", "residual"]

SMALLEST_EFFECT = 0.05


class AnalysisSettings(Block):
    """The anchor of the assistant axis, roles left out of comparisons, and what counts as a difference."""

    ELSEWHERE = {
        "anchor": "enters the atlas and drift, which have an axis",
        "exclude": "the roles that take part enter what compares them",
        "min_score": "enters what is made of the answers that play their role (`played`), and nothing else",
        "min_responses": "as `min_score`",
        "judge": "as `min_score`",
        "declining": "the anchor's answers that it names enter the stage `declined`",
    }
    IGNORED = dict.fromkeys(
        ("baselines", "declined"), "it decides whether they are asked for, not what they are"
    )

    anchor: Name = "default"
    """The role that others are compared with."""
    exclude: list[Name] = []
    """Roles of the folder that are left out of comparisons."""
    smallest_effect: Annotated[float, Field(ge=0, lt=0.5)] = SMALLEST_EFFECT
    """The smallest difference of interest: of AUROC from 1/2. `p_relevant` tests whether a role differs by
    more."""
    min_score: Annotated[float, Field(ge=0)] | None = None
    """The lowest rating of an answer that plays its role; with it roles are compared a second time, by those
    answers alone (the tables `played_*`)."""
    min_responses: PositiveInt = 50
    """How many such answers a role needs to be compared by them."""
    judge: Name | None = None
    """The judge whose ratings count; by default the study's first."""
    baselines: bool = False
    """Ask how well plain methods tell each role from the others: single features, sparse probes and words
    (the table `role_baselines`)."""
    declined: bool = False
    """Place each answer between its role's mean and the anchor's declining answers, a heuristic where there
    is no judge (the tables `declined_scores` and `declined_roles`)."""
    declining: str | None = None
    """JSON lines of `{"role", "response_id"}` that name the anchor's declining answers; by default they are
    told by the patterns of `persona_assets/study/declining.txt`."""


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
    selection: Literal["role_test", "classic"] = "role_test"
    """Which features qualify for the map, and their order: those in which roles differ beyond their
    wordings and questions (F, q < 0.05), by the role's share of the variance; or (`classic`) those
    whose spread over roles is not below the median, by stability × spread. Where roles share no
    questions it is classic."""
    top_k: PositiveInt = 2000
    """How many of them are on the map at most."""
    split_seed: Seed = 42
    """Seed of the halves of wordings, and of responses, whose agreement is called stability."""
    random_seed: Seed = 42
    """Seed of the principal components."""
    umap_n_neighbors: PositiveInt = 15
    """UMAP's `n_neighbors`."""
    umap_min_dist: Annotated[float, Field(ge=0)] = 0.1
    """UMAP's `min_dist`."""
    umap_random_state: Seed = 24
    """UMAP's `random_state`."""
    neighbor_k: PositiveInt = 20
    """Neighbors that are kept of each feature."""
    quality_k: PositiveInt = 15
    """How many neighbors the map is judged by."""


LabelSource = Literal["cache", "api", "export", "explanation"]


class LabelsSettings(Block):
    """Where descriptions of features come from."""

    IGNORED = dict.fromkeys(
        ("api", "export", "cache", "order"), "labels are named by what they say: the last that landed stand"
    )

    api: str = "https://www.neuronpedia.org"
    """Where `persona labels fetch` asks, for an SAE with a `neuronpedia_id`."""
    export: str | None = None
    """Base address of bulk exports, read in place of the API."""
    cache: str | None = None
    """A JSON file of descriptions: by feature id, or a list of `{feature_id, description, url}`."""
    order: list[LabelSource] = ["cache", "api", "export", "explanation"]
    """Whose label stands where a feature has several: the file's, the API's, the export's or the study's own
    `explanations`. Sources that are not named come last, in this order."""

    @property
    def sources(self) -> list[LabelSource]:
        """Every source, whose label is preferred first."""
        return list(dict.fromkeys([*self.order, *get_args(LabelSource)]))


class DriftSettings(Block):
    """Where conversations to be scored lie, and the space, axis and score they are measured in."""

    FIRST = frozenset(
        {"pooling", "transform", "centering", "l2_normalize", "axis", "compared_with", "score"}
        | {"null_draws", "seed"}
    )
    ELSEWHERE = {"sae": "the SAE's identity enters, and the roles' features under it"}
    IGNORED = {
        "directory": "a run is named by its conversation, wherever that lies",
        "plain": "it decides what runs are shown beside, not what they are",
    }

    directory: str = "data/conversations"
    """Conversations and scripts to follow, see docs/drift.md."""
    plain: Annotated[str, Field(min_length=1)] | None = None
    """A pattern (such as `plain*`) of the names of conversations in which nobody is asked to play a role. The
    explorer shows every conversation beside those, too."""
    sae: Name | None = None
    """The SAE that they are measured with; by default the study's first."""
    space: DriftSpace = "sae"
    """What is measured: the features that fire, or the residual stream that the SAE reads, without the SAE.
    The latter needs `extraction.vectors`, `pooling: mean` and `transform: raw`."""
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

    @model_validator(mode="after")
    def _fits_its_space(self) -> Self:
        if self.space == "residual" and (self.pooling, self.transform) != ("mean", "raw"):
            raise ValueError("`space: residual` goes with `pooling: mean` and `transform: raw`")
        return self
