"""The one table of stages: whatever speaks of a study's files loops over it, in the order of the pipeline."""

from __future__ import annotations

from persona_assets.lake import schema as tables
from persona_assets.lake.schema import Table
from persona_assets.stages import asked_inputs, compared_inputs, inputs
from persona_assets.stages.stage import Extra, Stage
from persona_assets.study.settings import StudySettings

# What changes one `atlas.strategy` leaves the other's files fresh.
_STATISTICS, _PLAYED = {"mean": 4, "max": 5}, {"mean": 3, "max": 4}

_MADE = (
    Stage(
        "responses",
        "The model's answers, role × variant × question, with their token ids.",
        per="role",
        tables=(tables.RESPONSES,),
        made_from=inputs.of_responses,
        extras=(Extra(tables.RESPONSE_SPANS, inputs.of_response_spans, needed=False, always=False),),
        besides=(tables.IN_FLIGHT,),
        uses_model=True,
        made_with="pytorch",
    ),
    Stage(
        "judgements",
        "What the study's judges say of the answers: how well each plays its role.",
        per="role",
        tables=(tables.JUDGEMENTS,),
        needs=("responses",),
        made_from=asked_inputs.of_judgements,
        besides=(tables.JUDGING,),
        uses_model=True,
        made_with="pytorch",
        setting="judge",
    ),
    Stage(
        "activations",
        "SAE features pooled over each response's tokens (sparse COO), with pooled, sae_fit and evidence.",
        per="role",
        tables=(tables.POOLED, tables.ACTIVATIONS),
        needs=("responses",),
        made_from=inputs.of_activations,
        extras=(
            Extra(tables.EVIDENCE, inputs.of_evidence),
            Extra(tables.SAE_FIT, inputs.of_fit, needed=False),
            Extra(tables.DRAWN_EVIDENCE, inputs.of_drawn_evidence, needed=False),
            Extra(tables.TOKEN_SHAPES, inputs.of_token_shapes, needed=False),
            Extra(tables.FIRST_ACTIVATIONS, inputs.of_first_activations, setting="extraction.first_tokens"),
            Extra(
                tables.RESPONSE_VECTORS, inputs.of_response_vectors, setting="extraction.vectors: response"
            ),
            Extra(
                tables.VARIANT_VECTORS, inputs.of_variant_vectors, setting="extraction.vectors: role_variant"
            ),
        ),
        uses_model=True,
        made_with="pytorch",
    ),
    Stage(
        "role_features",
        "Features aggregated over a role's pooled responses: firing rate, mean, max, sd.",
        per="role",
        tables=(tables.ROLE_FEATURES,),
        needs=("activations",),
        made_from=inputs.of_files(tables.ACTIVATIONS, tables.POOLED),
        follows=True,
        made_with="duckdb",
    ),
    Stage(
        "attribution",
        "By which features a role's prompt makes its own answers likelier, by the model's gradient.",
        per="role",
        tables=tables.ATTRIBUTION_TABLES,
        needs=("responses",),
        made_from=inputs.of_attribution,
        shown=tables.FEATURE_ATTRIBUTION,
        uses_model=True,
        made_with="pytorch",
        setting="attribution",
    ),
    Stage(
        "statistics",
        "How roles differ: effects with intervals, AUROC, q; each feature across roles.",
        per="study",
        tables=tables.STATISTICS_TABLES,
        needs=("activations",),
        made_from=compared_inputs.of_statistics,
        version=_STATISTICS,
        made_with="numpy",
    ),
    Stage(
        "played",
        "Roles compared once more, by the answers alone that play their role in a judge's eyes.",
        per="study",
        tables=tables.PLAYED_TABLES,
        needs=("activations", "judgements"),
        made_from=compared_inputs.of_played,
        version=_PLAYED,
        shown=tables.PLAYED_ROLES,
        made_with="numpy",
        setting="analysis.min_score",
    ),
    Stage(
        "first_tokens",
        "Roles compared once more, by the first tokens of each response alone.",
        per="study",
        tables=(tables.FIRST_CONTRASTS,),
        needs=("activations",),
        made_from=compared_inputs.of_first_tokens,
        made_with="numpy",
        setting="extraction.first_tokens",
    ),
    Stage(
        "contrasts",
        "The study's own contrasts: two groups of roles, wordings or questions, compared.",
        per="study",
        tables=tables.CONTRAST_TABLES,
        needs=("activations",),
        made_from=compared_inputs.of_contrasts,
        version=2,
        shown=tables.CONTRAST_FEATURES,
        made_with="numpy",
        setting="contrasts",
    ),
    Stage(
        "baselines",
        "How well plain methods, of features and of words, tell each role from the others.",
        per="study",
        tables=(tables.ROLE_BASELINES,),
        needs=("responses", "activations"),
        made_from=compared_inputs.of_baselines,
        made_with="scikitlearn",
        setting="analysis.baselines",
    ),
    Stage(
        "declined",
        "How far each answer lies towards the anchor's declining ones: a heuristic without a judge.",
        per="study",
        tables=tables.DECLINED_TABLES,
        needs=("responses", "activations"),
        made_from=compared_inputs.of_declined,
        shown=tables.DECLINED_ROLES,
        made_with="numpy",
        setting="analysis.declined",
    ),
    Stage(
        "atlas",
        "The features that tell roles apart, mapped; their neighbors; roles compared.",
        per="study",
        tables=tables.ATLAS_TABLES,
        needs=("statistics", "played"),
        made_from=compared_inputs.of_atlas,
        version=4,
        shown=tables.ATLAS,
        follows=True,
        made_with="scikitlearn",
    ),
    Stage(
        "vectors",
        "Roles in the residual stream: their vectors, the assistant axis, and how far an SAE carries it.",
        per="study",
        tables=tables.VECTOR_TABLES,
        needs=("activations",),
        made_from=compared_inputs.of_vectors,
        shown=tables.VECTOR_AXES,
        made_with="numpy",
        setting="extraction.vectors",
    ),
    Stage(
        "steered_responses",
        "What the model answers while a stream is edited, beside what it answers without.",
        per="study",
        tables=(tables.STEERED_RESPONSES,),
        needs=("responses", "activations", "role_features", "statistics"),
        made_from=asked_inputs.of_steered,
        besides=(tables.ANSWERING, tables.STEERED_JUDGING),
        uses_model=True,
        made_with="pytorch",
        setting="interventions.<name>.answers",
    ),
    Stage(
        "interventions",
        "What features and directions do: to given answers read again, and to new ones.",
        per="study",
        tables=tables.STEERING_TABLES,
        needs=("responses", "activations", "role_features", "statistics", "steered_responses"),
        made_from=compared_inputs.of_interventions,
        besides=(tables.STEERING,),
        shown=tables.INTERVENTION_EFFECTS,
        uses_model=True,
        made_with="pytorch",
        setting="interventions",
    ),
    Stage(
        "explanations",
        "What features are about, to a model that is shown where they fire and where they do not.",
        per="study",
        tables=(tables.EXPLANATIONS,),
        needs=("responses", "activations", "statistics"),
        made_from=asked_inputs.of_explanations,
        besides=(tables.EXPLAINING,),
        uses_model=True,
        made_with="pytorch",
        setting="explanations",
    ),
    Stage(
        "feature_labels",
        "Descriptions of features: from the study's file, what `persona labels` fetched, and explanations.",
        per="study",
        tables=(tables.FEATURE_LABELS,),
        needs=("explanations",),
    ),
    Stage(
        "explanation_scores",
        "How well each label foretells where its feature fires, to a model that reads it.",
        per="study",
        tables=(tables.EXPLANATION_SCORES,),
        needs=("responses", "activations", "statistics", "feature_labels"),
        made_from=asked_inputs.of_explanation_scores,
        besides=(tables.SCORING,),
        uses_model=True,
        made_with="pytorch",
        setting="explanation_scores",
    ),
    Stage(
        "directions",
        "What each feature writes: the tokens that it promotes, and the features that write alike.",
        per="study",
        tables=tables.DIRECTIONS_TABLES,
        made_from=inputs.of_directions,
        shown=tables.FEATURE_LOGITS,
        uses_model=True,
        made_with="pytorch",
    ),
    Stage(
        "drift",
        "Conversations, scored turn by turn along the assistant axis.",
        per="conversation",
        tables=tables.DRIFT_TABLES,
        needs=("role_features", "played"),
        made_from=inputs.of_drift,
        version=2,
        besides=(tables.DRIFT_CODES,),
        shown=tables.DRIFT_TURNS,
        uses_model=True,
        made_with="pytorch",
    ),
)

STAGES = (
    *_MADE,
    Stage(
        "marts",
        "Tables that SQL files of the study make of the snapshot, as it is published.",
        per="mart",
        tables=(tables.MARTS,),
        needs=tuple(stage.name for stage in _MADE),
        made_from=inputs.of_mart,
    ),
)

_BY_NAME = {stage.name: stage for stage in STAGES}
_OF_TABLE = {table.name: stage for stage in STAGES for table in (*stage.landed, *stage.besides)}

PER_ROLE = tuple(stage for stage in STAGES if stage.per == "role")
PER_STUDY = tuple(stage for stage in STAGES if stage.per == "study")

# What `persona run` makes, in order, and then marts by their names; drift is made by conversation.
RUNNABLE = ("catalog", *(stage.name for stage in STAGES if stage.per in ("role", "study")), "warehouse")


def stage(name: str) -> Stage:
    """Return the stage called `name`."""
    return _BY_NAME[name]


def needed(stage: Stage, settings: StudySettings) -> list[str]:
    """Return the names of the stages that `stage` is made from, of those that the study asks for."""
    return [name for name in stage.needs if _BY_NAME[name].wanted(settings)]


def stage_of(table: Table) -> Stage:
    """Return the stage that lands `table`."""
    return _OF_TABLE[table.name]


def setting_of(table: Table) -> str | None:
    """Return the setting without which a study has no file of `table`; None where none decides."""
    stage = stage_of(table)
    of_extras = {extra.table.name: extra.setting for extra in stage.extras}
    return of_extras.get(table.name) or stage.setting
