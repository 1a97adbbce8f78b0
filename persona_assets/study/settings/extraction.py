"""Which model and SAEs read the answers."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from persona_assets.study.settings.block import Block, Dtype, Name, PositiveInt


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


class FitSettings(Block):
    """On how many responses of each role it is measured how well an SAE fits the model (table `sae_fit`)."""

    FIRST = frozenset({"responses"})

    responses: PositiveInt = 16
    """Responses of the seeded sample; the SAE reads them once more."""
    loss_recovered: bool = False
    """Also measure on them how well the model predicts the pooled tokens with the SAE's reconstruction in
    place of its stream (`sae_fit.loss_recovered`). It takes the whole model, and backend `transformers`."""


TokenSelection = Literal["response_only", "response_to_end", "all"]
Spans = Literal["auto", "answer", "thinking", "all"]


class ExtractionSettings(Block):
    """Which model and SAEs read the responses, and which tokens are pooled."""

    FIRST = frozenset({"token_selection"})
    ELSEWHERE = {
        "model": "the identity of its files enters, or its hub id and revision",
        "revision": "is part of the model's identity",
        "dtype": "the type that `auto` came to enters",
        "saes": "each SAE's identity enters the files under it",
        "spans": "what `auto` came to enters, unless it is `all`",
        "evidence": "enters what evidence is made from; activations do not depend on it",
        "fit": "enters what the SAE's fit is made from; activations do not depend on it",
        "first_tokens": "enters what first_activations are made from; activations do not depend on it",
        "vectors": "asks for response_vectors or variant_vectors besides; activations do not depend on it",
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
    spans: Spans = "auto"
    """Of a model that thinks before it answers: whether its `answer` is pooled, its `thinking`, or `all`;
    `auto`: see below."""
    span_tokens: list[str] = []
    """Control tokens that may stand within a response, such as those of a thinking span or a channel; a
    response with any other is not pooled, and fails a check."""
    mask_norm_outliers: bool = False
    """Leave tokens out of pooling whose residual is over 10 times as long as the median of the response's:
    attention sinks, which most SAEs are not made for. `pooled.n_outliers` counts them either way."""
    first_tokens: PositiveInt | None = None
    """Also pool over so many of each response's pooled tokens from the first on, and compare roles by them
    (`first_contrasts`): by default no."""
    vectors: Literal["response", "role_variant"] | None = None
    """Also keep the mean of what each SAE reads over pooled tokens. `response`: of each response
    (`response_vectors`), two bytes per dimension; `role_variant`: over all responses of a role to a wording
    (`variant_vectors`), four bytes per dimension; by default none."""
    evidence: EvidenceSettings = EvidenceSettings()
    """How much text is kept to show what a feature fires on."""
    fit: FitSettings = FitSettings()
    """How it is measured how well an SAE fits the model."""

    @model_validator(mode="after")
    def _spans_can_be_selected(self) -> Self:
        whole = {"answer": ("response_only", "response_to_end"), "thinking": ("response_only",)}
        fitting = whole.get(self.spans)
        if fitting is not None and self.token_selection not in fitting:
            raise ValueError(f"spans: {self.spans} needs token_selection: {' or '.join(fitting)}")
        return self

    @model_validator(mode="after")
    def _first_tokens_are_the_responses_own(self) -> Self:
        if self.first_tokens is not None and self.token_selection == "all":
            raise ValueError("first_tokens needs token_selection: response_only or response_to_end")
        if self.first_tokens is not None and self.mask_norm_outliers:
            raise ValueError("first_tokens is not served with mask_norm_outliers: leave one of them out")
        return self
