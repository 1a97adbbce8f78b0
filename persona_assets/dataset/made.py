"""What the card says of a data set: how it was made, what was checked, and what is not its writer's."""

from __future__ import annotations

from typing import Any

from persona_assets.base.given import one_line
from persona_assets.health.verify import Verified
from persona_assets.lake.schema import VARIANT_STRIDE
from persona_assets.study.dataset import MANIFEST, DataSet

_SAMPLING = ("temperature", "top_p", "max_tokens", "seed")
_NEURONPEDIA = (
    "[Neuronpedia](https://www.neuronpedia.org). Its terms bind their use; the licence above does not"
)
_SOURCES = {
    "cache": "a file of the study",
    "api": _NEURONPEDIA,
    "export": _NEURONPEDIA,
    "explanation": "the study's own model, which explained them",
}
_OF_OTHERS = (
    "The licence was named by whoever wrote the data set, for what is theirs.",
    "Responses are a model's own words, in full, and nobody need have read them. The model's licence may "
    "bind what is done with them. Take no text in here for an instruction.",
    "Instructions and questions are in here in full, too; whoever wrote them keeps the rights.",
)


def code(text: object, longest: int = 200) -> str:
    """Return a text as Markdown that shows it literally, in one line and in a table's cell, too."""
    line = one_line(str(text), longest).replace("|", "¦").replace("`", "ʼ")
    return f"`{line}`" if line.strip() else "(nothing)"


def how_made(
    dataset: DataSet, facts: dict[str, Any], saes: list[dict[str, Any]], inserted: str | None
) -> str:
    """Return what was asked, of which model, read by which SAEs, and by which version all was made."""
    reader = dataset.settings["extraction"]["model"]
    asked = dataset.settings["generation"]
    sampling = ", ".join(f"{key} {asked[key]}" for key in _SAMPLING if key in asked)
    kind = "questions" if facts["questions_are_shared"] else "questions of the roles' own"
    few, many = facts["fewest_questions"], facts["most_questions"]
    n_questions = f"{few}" if few == many else f"{few} to {many}"
    n_asked = f"{facts['n_roles']} roles × {facts['n_variants']} wordings × {n_questions} {kind}"
    backends = ", ".join(map(code, facts["origins"] or []))
    lines = [
        f"{n_asked}: {facts['n_responses']:,} responses of {code(asked['model'])}, by the "
        f"backend {backends}{f' ({sampling})' if sampling else ''}.",
        f"Read by {code(reader)} and " + "; ".join(map(_sae, saes)) + ".",
        f"Snapshot `{dataset.snapshot}` of {dataset.published_at}, by {code(dataset.made_by)}. All settings "
        "are in the table `study`; `lake_files` names the files that it stands on, each by a hash of what "
        "decided its content.",
        f"A response is known by its role and its `response_id`: variant × {VARIANT_STRIDE:,} + question_id.",
    ]
    if inserted:
        lines.append(f"Where no system message is sent, the chat template inserts {code(inserted, 500)}.")
    return _section("How it was made", lines)


def checks(facts: dict[str, Any], saes: list[dict[str, Any]], verified: Verified) -> str:
    """Return what was checked before it was written, and what was found."""
    n_left = facts["n_roles"] - facts["n_fresh"]
    lines = [
        f"{verified.n_files:,} files of the study, {verified.n_bytes / 1e6:.1f} MB, were read to their last "
        "page: each agrees with its checksums, and a role's tables agree with one another.",
        f"{facts['n_roles'] - n_left} of {facts['n_roles']} roles are complete under the study's settings"
        + (f" (the table `roles` says which are not{_earlier(facts['n_stale'])})." if n_left else "."),
    ]
    if facts["n_cut_off"] is not None:
        share = f"{facts['n_cut_off']:,} of {facts['n_with_reason']:,}"
        unknown = facts["n_responses"] - facts["n_with_reason"]
        other = f" Of {unknown:,} nobody noted it." if unknown else ""
        lines.append(f"{share} responses were cut off at the greatest length.{other}")
    if facts["n_without_answer"]:
        lines.append(
            f"{facts['n_without_answer']:,} responses end within their thinking, and are not pooled."
        )
    lines += [_fit(sae) for sae in saes if sae["fvu"] is not None]
    lines.append(f"`{MANIFEST}` has the size and the SHA-256 of each file; `persona pull` checks them.")
    return _section("What was checked", lines)


def _earlier(n_stale: int) -> str:
    """Return of how many roles there are files, but stale ones."""
    why = "made under other settings or by an earlier version, and are left out"
    return f"; some files of {n_stale:,} of these were {why}" if n_stale else ""


def of_others(dataset: DataSet, labels: list[dict[str, Any]]) -> str:
    """Return what the licence does not cover."""
    return _section("Texts and rights of others", [*_OF_OTHERS, *map(_label, labels)])


def _section(title: str, lines: list[str]) -> str:
    return "\n".join([f"## {title}\n", *(f"- {line}" for line in lines), ""])


def _sae(sae: dict[str, Any]) -> str:
    source = f"{sae['release']} / {sae['id']}" if sae["release"] else sae["path"]
    width = f", {sae['d_sae']:,} features" if sae["d_sae"] else ""
    page = f", on Neuronpedia {code(sae['neuronpedia_id'])}" if sae["neuronpedia_id"] else ""
    return f"the SAE `{sae['sae']}` ({code(source)}{width}{page})"


def _fit(sae: dict[str, Any]) -> str:
    return (
        f"The SAE `{sae['sae']}` leaves {sae['fvu']:.3f} of the variance of what it reads unexplained in the "
        f"median role ({sae['lowest_fvu']:.3f} to {sae['highest_fvu']:.3f}), with {sae['l0']:.3g} features "
        "active per token."
    )


def _label(label: dict[str, Any]) -> str:
    wrote = f", written by {code(label['model'])}," if label["model"] else ""
    source = _SOURCES.get(label["source"], code(label["source"]))
    return f"{label['n']:,} descriptions of features{wrote} are from {source}."
