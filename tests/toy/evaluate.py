"""What the demo's model and SAE are worth: the figures of the final table."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sae_lens import SAE
from transformers import Gemma3ForCausalLM, PreTrainedTokenizerFast

from tests.toy.catalog import Catalog
from tests.toy.encoding import encode
from tests.toy.manner import Drift, Manner, drift_rates, held_out_manner
from tests.toy.residuals import residuals
from tests.toy.sae_figures import Fit, dead_share, mean_codes, role_aurocs, sae_fit
from tests.toy.speaker import Conversation


@dataclass(frozen=True)
class Measured:
    """All figures of the final table."""

    manner: Manner
    drift: Drift
    drift_new_wordings: Drift
    fit_responses: Fit
    fit_all: Fit
    dead: float
    aurocs: dict[str, float]

    def table(self) -> str:
        """The figures, one a line, as Markdown."""
        aurocs = sorted(self.aurocs.values())
        drift, new = self.drift, self.drift_new_wordings
        rows = [
            (
                f"{self.manner.answers} held-out role × question pairs: the role's own words",
                f"{self.manner.voice:.3f}",
            ),
            ("  a topic of the question is named", f"{self.manner.topic:.3f}"),
            ("  the answer ends by itself", f"{self.manner.ended:.3f}"),
            (
                f"{drift.conversations} drift conversations, wordings of the corpus: right voice before",
                f"{drift.before:.3f}",
            ),
            ("  in the answer to the request", f"{drift.at_request:.3f}"),
            ("  one turn later", f"{drift.after:.3f}"),
            (
                f"{new.conversations} drift conversations, wordings never trained: right voice before",
                f"{new.before:.3f}",
            ),
            ("  in the answer to the request", f"{new.at_request:.3f}"),
            ("  one turn later", f"{new.after:.3f}"),
            (
                f"SAE on {self.fit_responses.tokens} response tokens: variance unexplained",
                f"{self.fit_responses.fvu:.4f}",
            ),
            ("  active features a token (L0)", f"{self.fit_responses.l0:.1f}"),
            (f"SAE on all {self.fit_all.tokens} tokens: variance unexplained", f"{self.fit_all.fvu:.4f}"),
            ("  active features a token (L0)", f"{self.fit_all.l0:.1f}"),
            ("  features that never fire there", f"{self.dead:.3f}"),
            (f"best single feature of a role, AUROC: lowest of {len(aurocs)} roles", f"{aurocs[0]:.3f}"),
            ("  median", f"{float(np.median(aurocs)):.3f}"),
        ]
        return "\n".join(
            ["| measured | value |", "| --- | --- |", *(f"| {name} | {value} |" for name, value in rows)]
        )


def measure(
    catalog: Catalog,
    model: Gemma3ForCausalLM,
    tokenizer: PreTrainedTokenizerFast,
    sae: SAE,
    fresh: list[Conversation],
    layer: int,
    seed: int,
) -> Measured:
    """Measure model and SAE; `fresh` are conversations that the model spoke and the SAE has not seen."""
    found = residuals(model, [encode(conversation, tokenizer) for conversation in fresh], layer)
    codes = mean_codes(sae, found)
    settled = [index for index, conversation in enumerate(fresh) if len(set(conversation.voices)) == 1]
    roles = [fresh[index].voices[0] for index in settled]
    return Measured(
        manner=held_out_manner(model, tokenizer, catalog, len(fresh), seed),
        drift=drift_rates(model, tokenizer, catalog, "train", len(fresh) // 3, seed),
        drift_new_wordings=drift_rates(model, tokenizer, catalog, "held_out", len(fresh) // 3, seed),
        fit_responses=sae_fit(sae, found.values[found.said]),
        fit_all=sae_fit(sae, found.values),
        dead=dead_share(sae, found.values),
        aurocs=role_aurocs(codes[settled], roles),
    )
