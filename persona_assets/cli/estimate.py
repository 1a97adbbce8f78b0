"""What `persona estimate` shows."""

from __future__ import annotations

from persona_assets.base.counts import count
from persona_assets.base.errors import StudyError
from persona_assets.cli.answers import print_if_any, print_inserted
from persona_assets.cli.bar import bar
from persona_assets.cli.memory import print_memory
from persona_assets.cli.table import table_lines
from persona_assets.cli.units import duration, size
from persona_assets.explaining.estimate import ExplanationsAsked, what_is_explained
from persona_assets.generate.counting import PromptLengths
from persona_assets.health.about_features import AboutFeatures, pilots_about_features
from persona_assets.health.estimate import Asked, Example, Mean, Pilot, pilot, what_is_asked
from persona_assets.health.gpu import fastest, measured_on_gpus
from persona_assets.judging.estimate import JudgeAsked, what_judges_are_asked
from persona_assets.lake.schema import RESPONSE_VECTORS, STEERED_RESPONSES, VARIANT_VECTORS
from persona_assets.models.loading import text_config
from persona_assets.models.sae import sae_site
from persona_assets.scoring.estimate import ScorerAsked, what_scorer_is_asked
from persona_assets.stages.across_roles import AcrossRoles
from persona_assets.study.judges import judge_asked
from persona_assets.study.named_roles import check_named_roles, without_anchor
from persona_assets.study.study import Study


def print_estimate(study: Study, n_roles: int, n_answers: int) -> None:
    """Print what the study asks, some prompts in full, and what a pilot says that it costs here.

    Raises StudyError where the settings name a role that is none of the study's, and where a pilot is wanted
    of a model that cannot be had.
    """
    check_named_roles(study)
    asked, judges = what_is_asked(study), list(what_judges_are_asked(study))
    _print_asked(study, asked, judges)
    _print_vectors(study, asked)
    _print_steered(study)
    scored = list(what_scorer_is_asked(study, n_answers))
    explained = list(what_is_explained(study, n_answers))
    for of_scorer in scored:
        _print_scorer(of_scorer)
    for of_explainer in explained:
        _print_explained(of_explainer)
    for example in asked.examples:
        _print_example(example)
    print_memory(study)
    _print_gpu(study, asked, asked.n_prompts, has_pilot=n_roles > 0)
    not_known = "no pilot was made, so nothing is known of time and size"
    if n_roles == 0:
        print(not_known)
        return
    if asked.why_unknown is not None:
        raise StudyError(f"{not_known}: {asked.why_unknown}")
    with bar("pilot") as progress:
        found = pilot(study, n_roles, n_answers, progress)
    _print_pilot(study, asked, judges, found)
    _print_about_features(list(pilots_about_features(study, explained, scored)))


def print_expected(study: Study, n_answered: int, n_read: int) -> None:
    """Print how many tokens `n_answered` answers may have, and how fast a GPU reads `n_read` of them."""
    if n_answered:
        longest = study.generation.max_tokens
        print(f"answers: at most {count(longest)} tokens each, {count(longest * n_answered)} in all")
    if n_read:
        _print_gpu(study, what_is_asked(study), n_read, has_pilot=False)


def _print_asked(study: Study, asked: Asked, judges: list[JudgeAsked]) -> None:
    print(
        f"{study.name}: {count(asked.n_roles)} roles in {asked.n_variants} variants, "
        f"{count(asked.n_prompts)} prompts; {count(asked.n_answered)} are answered"
    )
    if asked.why_unknown is not None:
        print(f"prompts: how long they are is not known: {asked.why_unknown}")
    if asked.prompt_tokens is not None:
        told = _tokens(asked.prompt_tokens, asked.n_prompts, f"the means of {asked.prompt_tokens.n} roles")
        print(f"prompts: {told}")
    print_inserted(asked.default_system_prompt)
    print_if_any(without_anchor(study))
    longest = study.generation.max_tokens
    print(f"answers: at most {count(longest)} tokens each, {count(longest * asked.n_prompts)} in all")
    for judge in judges:
        _print_judge(judge, asked.n_roles)


def _print_gpu(study: Study, asked: Asked, n_read: int, has_pilot: bool) -> None:
    """Print how long a GPU reads `n_read` answers; where nobody measured the model, that a pilot tells."""
    model = study.settings.extraction.model
    known = fastest(model, measured_on_gpus())
    if known is None:
        if not has_pilot:
            print(f"reading on a GPU: no measurement of {model} on a GPU is on record; a pilot there tells")
        return
    told = (
        f"reading on a GPU: {known.tokens_per_second:,.0f} tokens/s were measured on {known.card} "
        f"({known.model}, {known.read}, an SAE of {count(known.d_sae)} features; docs/performance.md)"
    )
    if asked.prompt_tokens is not None:
        longest = study.generation.max_tokens
        seconds = n_read * (asked.prompt_tokens.mean + longest) / known.tokens_per_second
        what = f"{count(n_read)} answers of at most {count(longest)} tokens and their prompts"
        told = f"{told}: {duration(seconds)} for {what}"
    print(told)


def _print_vectors(study: Study, asked: Asked) -> None:
    """Print how large the vectors are that the study keeps under each SAE; nothing where it keeps none."""
    extraction = study.settings.extraction
    if extraction.vectors is None:
        return
    of_each = extraction.vectors == "response"
    table, n_bytes = (RESPONSE_VECTORS, 2) if of_each else (VARIANT_VECTORS, 4)
    n = asked.n_prompts if of_each else asked.n_roles * asked.n_variants
    for name, sae in extraction.saes.items():
        try:
            site = sae_site(sae)
            width = (site and site[1]) or text_config(extraction.model, extraction.revision).hidden_size
        except StudyError as error:
            print(f"{table.name} ({name}): how large they are is not known: {error}")
            continue
        each = f"{count(n)} vectors of {count(width)} numbers in {n_bytes} bytes"
        print(f"{table.name} ({name}): {each}, {size(n * width * n_bytes)} in all")


def _print_steered(study: Study) -> None:
    """Print how many new answers are given under edits, under each SAE; nothing where none are."""
    n_answers = sum(one.n_answers for one in study.settings.interventions.values())
    across, judge = AcrossRoles.of(study), judge_asked(study)
    judged = "" if judge is None else f", each a prompt of judge {judge}"
    for sae in study.settings.extraction.saes if n_answers else ():
        known = "; they are there" if across.file(STEERED_RESPONSES, sae) else ""
        print(
            f"steered_responses ({sae}): at most {count(n_answers)} answers under edits, "
            f"{count(study.generation.max_tokens * n_answers)} tokens in all{judged}{known}"
        )


def _print_scorer(scorer: ScorerAsked) -> None:
    name = f"explanation_scores, SAE {scorer.sae}"
    if scorer.why_unknown is not None:
        print(f"{name}: how much is asked is not known: {scorer.why_unknown}")
        return
    print(
        f"{name}: {count(scorer.n_labels)} labels of {count(scorer.n_features)} features, "
        f"{count(scorer.lengths.n)} prompts; {count(scorer.n_scored)} are scored; "
        f"answers of at most {count(scorer.longest_answer)} tokens"
    )
    _print_prompts(name, scorer.lengths)


def _print_prompts(name: str, asked: PromptLengths) -> None:
    """Print how long the prompts are, if there are any."""
    if asked.n:
        longest, total = count(asked.longest), count(asked.total)
        print(f"{name}: prompts of {asked.mean:.4g} tokens, the longest {longest}, {total} in all")


def _print_judge(judge: JudgeAsked, n_roles: int) -> None:
    print(
        f"judge {judge.name}: {count(judge.n_roles)} of {count(n_roles)} roles have a prompt, "
        f"{count(judge.n_prompts)} prompts; {count(judge.n_judged)} are judged; answers of at most "
        f"{count(judge.longest_answer)} tokens"
    )
    if judge.lengths.n:
        mean = judge.lengths.mean
        print(
            f"judge {judge.name}: prompts of {mean:.4g} tokens, the longest {count(judge.lengths.longest)} "
            f"(of {count(judge.lengths.n)}), {count(round(mean * judge.n_prompts))} in all"
        )
    elif judge.why_unknown is not None:
        print(f"judge {judge.name}: how long its prompts are is not known: {judge.why_unknown}")


def _print_explained(asked: ExplanationsAsked) -> None:
    about = f"explanations ({asked.sae})"
    if asked.why_unknown is not None:
        print(f"{about}: what is asked is not known: {asked.why_unknown}")
        return
    print(
        f"{about}: {count(asked.n_features)} features; {count(asked.n_known)} need not be asked about; "
        f"answers of at most {count(asked.longest_answer)} tokens"
    )
    _print_prompts(about, asked.lengths)


def _print_example(example: Example) -> None:
    prompt = example.prompt
    print(
        f"\n--- role {example.role}, variant {prompt.variant}, question {prompt.question_id}: "
        f"{len(prompt.token_ids)} tokens\n{example.text}"
    )


def _print_pilot(study: Study, asked: Asked, judges: list[JudgeAsked], found: Pilot) -> None:
    n_all = {f"judge {judge.name}": judge.n_prompts for judge in judges}
    n_left = {f"judge {judge.name}": judge.n_prompts - judge.n_judged for judge in judges}
    n_left["responses"] = asked.n_prompts - asked.n_answered
    answers = found.answer_tokens
    print(f"\n--- pilot on this machine: {answers.n} answers of {' and '.join(found.roles)}")
    print(f"answers: {_tokens(answers, asked.n_prompts, 'these roles alone')}")
    cut_off = found.n_cut_off / answers.n
    print(f"cut off at generation.max_tokens: {found.n_cut_off} of {answers.n} answers")
    if cut_off > study.settings.checks.max_truncated:
        print(
            f"  more than checks.max_truncated allows, {study.settings.checks.max_truncated:.0%}: "
            "raise generation.max_tokens"
        )
    if found.n_without_answer:
        print(
            f"without an answer: {found.n_without_answer} of {answers.n} responses end within their "
            "thinking: raise generation.max_tokens"
        )
    rows = [
        [
            step.stage,
            f"{step.seconds:.3g} s",
            duration(step.seconds * n_left.get(step.stage, asked.n_prompts)),
            size(step.n_bytes * n_all.get(step.stage, asked.n_prompts)),
        ]
        for step in found.steps
    ]
    print("\n" + "\n".join(table_lines(["stage", "per answer", "time in all", "size in all"], rows)))


def _print_about_features(found: list[AboutFeatures]) -> None:
    if not found:
        return
    print("\n--- pilot about features on this machine")
    for one in found:
        told = _tokens(one.answer_tokens, one.n_prompts, f"{one.answer_tokens.n} answers")
        print(f"{one.stage} ({one.sae}): {told}")
    rows = [
        [
            f"{one.stage} ({one.sae})",
            f"{one.seconds:.3g} s",
            f"{one.seconds * one.n_prompts / one.n_features:.3g} s",
            duration(one.seconds * one.n_prompts),
        ]
        for one in found
    ]
    print("\n" + "\n".join(table_lines(["stage", "per prompt", "per feature", "time in all"], rows)))


def _tokens(per_one: Mean, n_all: int, what: str) -> str:
    sure = f"95% interval {per_one.low:.4g} to {per_one.high:.4g}, of {what}"
    if per_one.low == per_one.high:
        sure = f"all {count(per_one.n)} alike, which says nothing of others"
    return f"{per_one.mean:.4g} tokens each ({sure}), {count(round(per_one.mean * n_all))} in all"
