"""Exported runs read again, ours or another tool's: `DriftRuns` and `DriftRun` of the explorer's contract.ts.

The files are untrusted: nothing outside their folder is read, and what is missing or of another form is
named. What another tool does not write (null bands, nearest roles) is None, or empty.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from persona_assets.drift.bundle import Change, Item, Manifest, ManifestRun, Measured, Summary, UiBundle
from persona_assets.drift.export import MANIFEST
from persona_assets.drift.transcript import SEE, Transcript, read_transcript
from persona_assets.drift.view import TOP_FEATURES, Json
from persona_assets.errors import StudyError
from persona_assets.given import one_line, read_json, shown
from persona_assets.schema import SCORES

_Model = TypeVar("_Model", bound=BaseModel)


def folder_runs(directory: Path) -> Json:
    """`data/drift.json` of an export: its runs by name. Raises StudyError, naming it, for a broken file."""
    entries = [_entry(_read_run(directory, run)) for run in _manifest(directory).runs]
    return {"runs": sorted(entries, key=lambda entry: (entry["name"], entry["run"]))}


def folder_run(directory: Path, run: str) -> Json | None:
    """`data/drift/{run}.json` of an export; None where its manifest has no such run."""
    found = [entry for entry in _manifest(directory).runs if entry.id == run]
    return _shown(_read_run(directory, found[0])) if found else None


@dataclass(frozen=True)
class _Run:
    """The files of one run."""

    listed: ManifestRun
    bundle: UiBundle
    summary: Summary
    talk: Transcript

    @property
    def measured(self) -> Measured | None:
        """What only our own exports hold."""
        return self.summary.measured


def _manifest(directory: Path) -> Manifest:
    return _parsed(Manifest, directory / MANIFEST)


def _read_run(directory: Path, listed: ManifestRun) -> _Run:
    return _Run(
        listed,
        _parsed(UiBundle, _below(directory, listed.ui_bundle_url)),
        _parsed(Summary, _below(directory, listed.summary_url)),
        read_transcript(_below(directory, listed.conversation_url)),
    )


def _below(directory: Path, url: str) -> Path:
    """The file that a manifest's url means. Raises StudyError where it is not below `directory`."""
    try:
        file = (directory / url.lstrip("/")).resolve()
        is_below = file.is_relative_to(directory.resolve())
    except (OSError, RuntimeError, ValueError) as error:  # too long, links in a circle, a NUL
        raise StudyError(f"{directory / MANIFEST}: {shown(url)} is no path; correct it") from error
    if not is_below:
        raise StudyError(f"{directory / MANIFEST}: {shown(url)} leads out of the folder; correct it")
    return file


def _parsed(model: type[_Model], file: Path) -> _Model:
    try:
        return model.model_validate(read_json(file, SEE))
    except ValidationError as error:
        problem = error.errors()[0]
        place = ".".join(one_line(str(part), 60) for part in problem["loc"]) or "its content"
        raise StudyError(f"{file}: {place}: {problem['msg']}; export the run again") from error


def _entry(run: _Run) -> Json:
    meta, measured = run.bundle.run_meta, run.measured
    drops = [change for change in run.bundle.q2.transitions if (change.delta_score or 0) < 0]
    drop = min(drops, key=lambda change: change.delta_score or 0, default=None)
    return {
        "run": run.listed.id,
        "name": run.listed.conversation_name,
        "sensitive": run.listed.sensitive,
        "sae": meta.sae_id,
        "model": meta.model_name,
        "anchor": meta.assistant_role,
        "score": meta.score_method,
        "n_turns": len(run.bundle.q1.turn_scores),
        "n_tokens": measured and measured.n_tokens,
        "largest_drop": drop and {"turn": drop.turn, "change": drop.delta_score},
        "n_below_band": measured and measured.n_below_band,
        "verdict": run.summary.diagnostics.confound_verdict,
    }


def _shown(run: _Run) -> Json:
    changes, answers = run.bundle.q2.transitions, run.talk.turns
    turn_of = {message: turn for turn, message in enumerate(answers)}
    return {
        **_entry(run),
        "space": _space(run),
        "messages": [{**message, "turn": turn_of.get(index)} for index, message in enumerate(run.talk.plain)],
        "turns": _turns(run),
        "transitions": [_transition(change, run.bundle.run_meta.score_method) for change in changes],
        "features": {
            str(item.feature_idx): {"label": None, "roles": [], "profile": item.role_profile}
            for change in changes
            for item in (*change.activated, *change.deactivated)
        },
        "confounds": [one.model_dump() for one in run.measured.confounds] if run.measured else [],
    }


def _space(run: _Run) -> Json:
    config = run.summary.config
    unknown: Json = {"axis_cosine": None, "n_roles": None, "compared_with": [], "n_draws": None}
    return {
        "pooling": config.pooling,
        "transform": config.transform,
        "centred": config.use_centering,
        "normalized": config.use_l2_normalize,
        "axis": "pca" if config.axis_method.startswith("pc") else "difference",
        **(run.measured.space.model_dump() if run.measured else unknown),
    }


def _turns(run: _Run) -> list[Json]:
    tokens = {one.assistant_turn: one for one in run.bundle.q3.token_localization}
    measured = {one.turn: one.model_dump() for one in run.measured.turns} if run.measured else {}
    answers, score = run.talk.turns, run.bundle.run_meta.score_method
    turns = []
    for scored in run.bundle.q1.turn_scores:
        turn, own = scored.assistant_turn, tokens.get(scored.assistant_turn)
        value = None if scored.score is None else {"value": scored.score, "low": None, "high": None}
        plain: Json = {
            "turn": turn,
            "message": answers[turn] if turn < len(answers) else None,
            "n_tokens": len(own.tokens) if own else 0,
            "n_active_features": None,
            "norm": None,
            "scores": dict.fromkeys(SCORES) | {score: value},
            "nearest": [],
        }
        shown = {"piece": [], "projection": [], "scaled": []} if own is None else _columns(own)
        turns.append({**measured.get(turn, plain), "tokens": shown})
    return turns


def _columns(own: Any) -> Json:
    return {"piece": own.tokens, "projection": own.u_k, "scaled": own.u_k_norm}


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
