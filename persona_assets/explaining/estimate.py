"""What the study's model would be asked about features, before it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from persona_assets.base.errors import StudyError
from persona_assets.explaining.stage import FeaturesToExplain, explaining_model
from persona_assets.generate.counting import PromptLengths, drawn
from persona_assets.generate.prompts import Prompt
from persona_assets.lake.schema import EXPLANATIONS
from persona_assets.stages.across_roles import AcrossRoles
from persona_assets.study.study import Study


@dataclass(frozen=True)
class ExplanationsAsked:
    """What is asked about an SAE's features: `n_features` in all, of which `n_known` need not be asked about.

    `lengths` are those of the prompts about the others, and `prompts` are some of these, drawn by lot; where
    they are not known, `why_unknown`.
    """

    sae: str
    n_features: int
    longest_answer: int
    lengths: PromptLengths = field(default_factory=PromptLengths)
    prompts: list[Prompt] = field(default_factory=list)
    why_unknown: str | None = None

    @property
    def n_prompts(self) -> int:
        """How many prompts are asked, and about how many features."""
        return self.lengths.n

    n_asked = n_prompts

    @property
    def n_known(self) -> int:
        """How many features need not be asked about."""
        return self.n_features - self.lengths.n


def what_is_explained(study: Study, n_kept: int = 0) -> Iterator[ExplanationsAsked]:
    """Yield what is asked under each SAE; nothing of a study without explanations.

    Of the prompts `n_kept` are held, no more. Raises StudyError where one has no room, or a file is damaged,
    as landing would.
    """
    settings = study.settings.explanations
    if settings is None:
        return
    across = AcrossRoles.of(study)
    for sae in study.settings.extraction.saes:
        wanted = FeaturesToExplain(across, sae)
        if across.fingerprint(EXPLANATIONS, sae) is None:
            why = "the roles are not compared yet"
            yield ExplanationsAsked(sae, len(settings.features), settings.max_tokens, why_unknown=why)
            continue
        try:
            model = explaining_model(study)
        except StudyError as error:
            n_features = len(wanted.features)
            yield ExplanationsAsked(sae, n_features, settings.max_tokens, why_unknown=str(error))
            continue
        lengths = PromptLengths()
        prompts = drawn(lengths.counted(wanted.lacking(wanted.questions(model))), n_kept)
        yield ExplanationsAsked(sae, len(wanted.features), settings.max_tokens, lengths, prompts)
