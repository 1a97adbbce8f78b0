"""An exported run as the explorer shows it. What another tool does not write is None, or empty."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from persona_assets.drift.bundle import Change, Config, Item, Measured, Summary, Tokens, UiBundle
from persona_assets.drift.confounds import told
from persona_assets.drift.manifest import ListedRun
from persona_assets.drift.transcript import Transcript
from persona_assets.drift.view import TOP_FEATURES, Json
from persona_assets.lake.schema import SCORES

# What the field's notebook correlates a score with, by our names.
_CONFOUNDS = {
    "turn_l2_space": "norm",
    "turn_nonzero_raw": "n_active_features",
    "turn_l2_raw": "raw_norm",
    "turn_nonzero_space": "n_nonzero",
}
# Marks of vocabularies, and the text they stand for.
_WORDS = (
    ("\u2581", " "),
    ("\u0120", " "),
    ("\u010a", "\n"),
    ("<0x0A>", "\n"),
)

# Of Gemma Scope 2's SAEs Neuronpedia shows those of medium L0 on the residual stream.
_SAE_ID = re.compile(r"layer_(\d{1,3})_width_(\d{1,4}[km])_l0_medium")
_RELEASE = re.compile(r"gemma-scope-2-[a-z0-9-]+-res(-all)?")
_MODEL = re.compile(r"gemma-3-[a-z0-9.-]{1,40}")


@dataclass(frozen=True)
class OwnSae:
    """An SAE of the study beside which the runs are shown: its name there, and what runs call it."""

    sae: str
    release: str | None
    id: str
    model: str


@dataclass(frozen=True)
class FolderRun:
    """The files of one run; `conversation` is None where none is named."""

    listed: ListedRun
    bundle: UiBundle
    summary: Summary
    conversation: Transcript | None

    @property
    def measured(self) -> Measured | None:
        """What only our own exports hold."""
        return self.summary.measured

    def own_sae(self, own: Collection[OwnSae]) -> str | None:
        """Return the name of the study's SAE that the features are of; None where they are of another."""
        meta, release = self.bundle.run_meta, self.summary.config.sae_release
        for sae in own:
            same_release = None in (release, sae.release) or release == sae.release
            if (sae.model, sae.id) == (meta.model_name, meta.sae_id) and same_release:
                return sae.sae
        return None

    @property
    def neuronpedia(self) -> str | None:
        """`model/source` of the SAE on Neuronpedia; None where it is not known to be there."""
        model = self.bundle.run_meta.model_name.rsplit("/", 1)[-1].lower().removesuffix("-pt")
        sae = _SAE_ID.fullmatch(self.bundle.run_meta.sae_id)
        release = self.summary.config.sae_release
        if sae is None or not _MODEL.fullmatch(model) or (release and not _RELEASE.fullmatch(release)):
            return None
        return f"{model}/{int(sae[1])}-gemmascope-2-res-{sae[2]}"


def entry_view(run: FolderRun, own: Collection[OwnSae]) -> Json:
    """Return the run's `DriftRunEntry`; `own` are the SAEs of the study that shows it."""
    meta, measured = run.bundle.run_meta, run.measured
    drops = [change for change in run.bundle.q2.transitions if (change.delta_score or 0) < 0]
    drop = min(drops, key=lambda change: change.delta_score or 0, default=None)
    return {
        "run": run.listed.run,
        "name": run.listed.name,
        "sensitive": run.listed.sensitive or (run.conversation is not None and run.conversation.sensitive),
        "sae": meta.sae_id,
        "own_sae": run.own_sae(own),
        "neuronpedia": run.neuronpedia,
        "model": meta.model_name,
        "anchor": meta.assistant_role,
        "score": meta.score_method,
        "n_turns": len(run.bundle.q1.turn_scores),
        "n_tokens": measured.n_tokens if measured else None,
        "n_answer_tokens": sum(len(turn.tokens) for turn in run.bundle.q3.token_localization),
        "largest_drop": drop and {"turn": drop.turn, "change": drop.delta_score},
        "n_below_band": measured and measured.n_below_band,
        "p": measured and measured.p,
        "least_of": measured and measured.least_of,
        "plain": None,  # of the snapshot that has the others, too
        "cap": None,
        "verdict": run.summary.diagnostics.confound_verdict,
        "max_correlation": run.summary.diagnostics.max_abs_corr_selected_score,
    }


def run_view(run: FolderRun, own: Collection[OwnSae]) -> Json:
    """Return the run's `DriftRun`."""
    changes, answers = run.bundle.q2.transitions, _answers(run)
    turn_of = {message: turn for turn, message in enumerate(answers)}
    return {
        **entry_view(run, own),
        "space": _space(run),
        "played": run.measured and run.measured.played and run.measured.played.model_dump(),
        "messages": [
            {**message, "turn": turn_of.get(index)}
            for index, message in enumerate(run.conversation.plain if run.conversation else [])
        ],
        "turns": _turns(run),
        "transitions": [_transition(change, run.bundle.run_meta.score_method) for change in changes],
        "features": {
            str(item.feature_idx): {"label": None, "roles": [], "profile": item.role_profile}
            for change in changes
            for item in (*change.activated, *change.deactivated)
        },
        "confounds": _confounds(run),
    }


def _answers(run: FolderRun) -> list[int]:
    return run.conversation.turns if run.conversation else []


def _confounds(run: FolderRun) -> list[Json]:
    found: list[tuple[str, str, float | None]]
    if run.measured:
        found = [(one.score, one.confound, one.r) for one in run.measured.confounds]
    else:
        diagnostics = run.summary.diagnostics.score_mass_diag
        found = [(one.score_method, _CONFOUNDS[one.metric], one.r) for one in diagnostics]
    n_turns = len(run.bundle.q1.turn_scores)
    return [{"score": score, "confound": confound, **told(r, n_turns)} for score, confound, r in found]


def _space(run: FolderRun) -> Json:
    config = run.summary.config
    unknown: Json = {"axis_cosine": None, "n_roles": None, "compared_with": [], "n_draws": None}
    return {
        "space": "sae",
        "pooling": config.pooling,
        "transform": config.transform,
        "centred": config.use_centering,
        "normalized": config.use_l2_normalize,
        "axis": _axis(config),
        **(run.measured.space.model_dump() if run.measured else unknown),
    }


def _axis(config: Config) -> str | None:
    method = config.axis_method
    return None if method is None else "pca" if method.startswith("pc") else "difference"


def _turns(run: FolderRun) -> list[Json]:
    tokens = {one.assistant_turn: one for one in run.bundle.q3.token_localization}
    measured = {one.turn: one.model_dump() for one in run.measured.turns} if run.measured else {}
    answers, score = _answers(run), run.bundle.run_meta.score_method
    turns = []
    for scored in run.bundle.q1.turn_scores:
        turn, own = scored.assistant_turn, tokens.get(scored.assistant_turn)
        unknown: Json = dict.fromkeys(("low", "high", "p", "run_low"))
        value = None if scored.score is None else {"value": scored.score, **unknown}
        plain: Json = {
            "turn": turn,
            "message": answers[turn] if turn < len(answers) else None,
            "n_tokens": len(own.tokens) if own else 0,
            "n_active_features": None,
            "norm": None,
            "n_answers": None,
            "scores": dict.fromkeys(SCORES) | {score: value},
            "played": None,
            "nearest": [],
        }
        shown = {"piece": [], "projection": [], "scaled": []} if own is None else _columns(run, own)
        turns.append({**measured.get(turn, plain), "plain": None, "uncapped": None, "tokens": shown})
    return turns


def _columns(run: FolderRun, own: Tokens) -> Json:
    pieces = own.tokens if run.measured else [_word(token) for token in own.tokens]
    return {"piece": pieces, "projection": own.u_k, "scaled": own.u_k_norm}


def _word(token: str) -> str:
    """Return a token of a vocabulary as the text it stands for; our own exports hold text already."""
    for mark, text in _WORDS:
        token = token.replace(mark, text)
    return token


def _transition(change: Change, score: str) -> Json:
    items = [*change.activated, *change.deactivated]
    moved = {row: abs(item.contrib) for row, item in enumerate(items)}
    rankings = {
        "by_contribution": sorted(moved, key=lambda row: -moved[row])[:TOP_FEATURES],
        "by_change": sorted(moved, key=lambda row: -abs(items[row].delta_x))[:TOP_FEATURES],
    }
    movement = change.toward_mass + change.away_mass
    return {
        "turn": change.turn,
        "previous": change.prev_turn,
        "changes": dict.fromkeys(SCORES) | {score: change.delta_score},
        "toward_mass": change.toward_mass,
        "away_mass": change.away_mass,
        "n_features": None,
        "features": _features(items),
        **rankings,
        "covered": {
            ranking: sum(moved[row] for row in rows) / movement if movement > 0 else None
            for ranking, rows in rankings.items()
        },
    }


def _features(items: list[Item]) -> Json:
    return {
        "feature_id": [item.feature_idx for item in items],
        "delta": [item.delta_x for item in items],
        "weight": [item.axis_weight for item in items],
        "contribution": [item.contrib for item in items],
        "share_of_change": [item.share_of_change for item in items],
        "share_of_away": [item.share_of_away for item in items],
    }
