"""`persona feature`: a feature's label, the roles that fire it, and its strongest sentences of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import duckdb
from rich.console import Console
from rich.text import Text

from persona_assets.base.given import one_line
from persona_assets.base.lit import sentence
from persona_assets.base.queries import query
from persona_assets.cli.answers import print_rows
from persona_assets.cli.arguments import check_feature, check_role, check_sae
from persona_assets.drift.trials import Known, known_features
from persona_assets.study.study import Study
from persona_assets.warehouse import connect

N_ROLES = 5  # that fire it most often

_ROLES = (
    "role", "firing_rate", "n_active_responses", "n_responses", "effect", "effect_low", "effect_high",
    "auroc", "auroc_low", "auroc_high", "q", "max",
)  # fmt: skip
_SENTENCES = ("response_id", "max", "question", "sentence", "start", "pieces", "activations")
_LABEL = ("feature_id", "label", "label_source", "label_model", "label_worth")
_IN_TABLE = (
    "role", "firing_rate", "effect", "effect_low", "effect_high", "auroc", "auroc_low", "auroc_high", "q",
    "max",
)  # fmt: skip
_SOURCES = {
    "cache": "a file of the study", "api": "Neuronpedia", "export": "Neuronpedia",
    "explanation": "the study's explanations",
}  # fmt: skip
_LONGEST, _LONGEST_PIECE = 300, 100  # characters
_PEAK, _ACTIVE = "bold black on dark_orange", "dark_orange"


@dataclass(frozen=True)
class Sentence:
    """The sentence of an answer in which a feature peaks; `cut`: whether its beginning or end is missing."""

    response_id: int
    max: float
    question: str
    start: int
    pieces: list[str]
    activations: list[float]
    cut: tuple[bool, bool]

    @classmethod
    def of(
        cls, response_id: int, strongest: float, question: str, start: int, pieces: list[str],
        activations: list[float], n_tokens: int | None,
    ) -> Sentence:  # fmt: skip
        """Return the sentence of a window of tokens in which its peak lies."""
        first, last = sentence(pieces, activations)
        goes_on = n_tokens is not None and start + len(pieces) < n_tokens
        cut = (first == 0 and start > 0, last == len(pieces) and goes_on)
        shown = slice(first, last)
        return cls(response_id, strongest, question, start + first, pieces[shown], activations[shown], cut)

    def lit(self, in_color: bool) -> Text:
        """Return it in one line: its active tokens coloured, the peak most, or the peak as `[[token]]`."""
        peak = max(range(len(self.activations)), key=self.activations.__getitem__)
        text = Text("…" if self.cut[0] else "")
        for place, (piece, strength) in enumerate(zip(self.pieces, self.activations, strict=True)):
            shown = one_line(piece, _LONGEST_PIECE)
            if place == peak and not in_color:
                bare = shown.lstrip() or shown
                text.append(f"{shown.removesuffix(bare)}[[{bare}]]")
            else:
                text.append(shown, _PEAK if place == peak else _ACTIVE if strength > 0 else None)
        return text.append("…" if self.cut[1] else "")

    @property
    def row(self) -> tuple[Any, ...]:
        """The values of `_SENTENCES`."""
        marked = self.lit(in_color=False).plain
        return self.response_id, self.max, self.question, marked, self.start, self.pieces, self.activations


def print_feature(
    study: Study, feature: int, sae: str | None, role: str | None, limit: int, output: str, wide: bool
) -> None:
    """Print a feature for people, or as CSV or JSON a row per sentence: of `role`, or of `N_ROLES` roles."""
    check_sae(study, sae)
    check_feature(study, feature, sae)
    if role is not None:
        check_role(study, role)
    chosen = sae or study.default_sae
    asked = {"feature": feature, "sae": chosen}
    with connect(study) as connection:
        known = known_features(connection, chosen, {feature})[feature]
        [head] = connection.execute(query("cli/feature"), asked).fetchall()
        of_roles = asked | {"role": role, "limit": N_ROLES}
        roles = connection.execute(query("cli/feature_roles"), of_roles).fetchall()
        sentences = _sentences(connection, asked | {"roles": [row[0] for row in roles], "limit": limit})
    if output == "table":
        _print_for_people(feature, chosen, known, head, roles, sentences, role, wide)
        return
    label = (feature, known.label, *head[:2], known.worth)
    nothing = (None,) * len(_SENTENCES)
    rows = [
        (*label, *row[:-1], *one)
        for row in roles
        for one in [found.row for found in sentences.get(row[0], [])] or [nothing]
    ]
    print_rows((*_LABEL, *_ROLES[:-1], *_SENTENCES), rows, output)


def _sentences(connection: duckdb.DuckDBPyConnection, asked: dict[str, Any]) -> dict[str, list[Sentence]]:
    found: dict[str, list[Sentence]] = {}
    for role, *row in connection.execute(query("cli/feature_sentences"), asked).fetchall():
        found.setdefault(role, []).append(Sentence.of(*row))
    return found


def _print_for_people(
    feature: int, sae: str, known: Known, head: Sequence[Any], roles: Sequence[Sequence[Any]],
    sentences: dict[str, list[Sentence]], role: str | None, wide: bool,
) -> None:  # fmt: skip
    source, model, n_firing, n_answers, n_roles, n_all = head
    label = "no label" if known.label is None else one_line(known.label, _LONGEST)
    print(f"feature {feature} of SAE {sae}: {label}")
    if known.label is not None:
        by = "" if model is None else f" by {one_line(model, _LONGEST_PIECE)}"
        print(f"label: from {_SOURCES.get(source, source)}{by}; {known.worth or 'not scored'}")
    of_tokens = "" if known.token_rate is None else f", on {known.token_rate:.2%} of all tokens"
    print(f"fires in {n_firing:,} of {n_answers:,} answers{of_tokens}, in {n_roles} of {n_all} roles")
    if not roles:
        print(f"silent in {'all roles' if role is None else role}")
        return
    print()
    columns = [_ROLES.index(name) for name in _IN_TABLE]
    more = f"the first {len(roles)} of {n_roles} roles; `persona which-roles` shows all"
    rows = [[row[place] for place in columns] for row in roles]
    print_rows(_IN_TABLE, rows, "table", more if role is None and n_roles > len(roles) else None, wide=wide)
    console = Console(highlight=False, soft_wrap=True)
    for name, *_ in roles:
        console.print(Text(f"\n{name}"))
        for one in sentences.get(name, []):
            shown = one.lit(console.is_terminal and console.color_system is not None)
            console.print(Text(f"  {one.max:.4g}  ").append_text(shown))
            console.print(
                Text(f"    asked: {one_line(one.question, _LONGEST)}  (response {one.response_id})")
            )
        if name not in sentences:
            console.print(Text("  the lake keeps no tokens of its answers"))
