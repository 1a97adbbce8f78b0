"""What the study's model would be asked about features, before it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from persona_assets.base.errors import StudyError
from persona_assets.explaining.stage import FeaturesToExplain, explaining_model
from persona_assets.generate.prompts import Prompt
from persona_assets.lake.schema import EXPLANATIONS
from persona_assets.stages.across_roles import AcrossRoles
from persona_assets.study.study import Study


@dataclass(frozen=True)
class ExplanationsAsked:
    """What is asked about an SAE's features: `n_features` in all, of which `n_known` need not be asked about.

    `prompts` are those about the others; where they are not known, `why_unknown`.
    """

    sae: str
    n_features: int
    n_known: int
    longest_answer: int
    prompts: list[Prompt]
    why_unknown: str | None = None

    @property
    def n_prompts(self) -> int:
        """How many prompts are asked."""
        return len(self.prompts)

    @property
    def n_asked(self) -> int:
        """How many features are asked about."""
        return len(self.prompts)


def what_is_explained(study: Study) -> Iterator[ExplanationsAsked]:
    """Yield what is asked under each SAE; nothing of a study without explanations.

    Raises StudyError where a prompt has no room, or a file is damaged, as landing would.
    """
    settings = study.settings.explanations
    if settings is None:
        return
    across = AcrossRoles.of(study)
    for sae in study.settings.extraction.saes:
        wanted = FeaturesToExplain(across, sae)
        if across.fingerprint(EXPLANATIONS, sae) is None:
            why = "the roles are not compared yet"
            yield ExplanationsAsked(sae, len(settings.features), 0, settings.max_tokens, [], why)
            continue
        try:
            model = explaining_model(study)
        except StudyError as error:
            n_features = len(wanted.features)
            yield ExplanationsAsked(sae, n_features, 0, settings.max_tokens, [], str(error))
            continue
        asked = wanted.questions(model, wanted.features)
        prompts = [one.prompt for one in wanted.lacking(asked) if one.prompt is not None]
        n_known = len(asked) - len(prompts)
        yield ExplanationsAsked(sae, len(asked), n_known, settings.max_tokens, prompts)
