/**
 * What the server answers: the one place where both sides agree. tests/explorer hold the server to it.
 *
 * Everything under `data/` is a resource of a snapshot: the same path is a file of the static site and an
 * answer of the live server. Everything under `api/` is there on the live server only (`Study.live`).
 * Names of roles and SAEs are plain words (letters, digits, `_`, `-`, `.`): they stand in paths as they are.
 * Numbers that are not known are null; they are rounded to 6 significant digits (ids and counts never are).
 * All text from models, labels and files is untrusted: it is only ever put into text nodes.
 *
 * Errors: status 400 (what was asked cannot be), 403 (foreign host or origin), 404 (no such thing),
 * 408 (the time limit), 503 (nothing published yet), body `Problem`.
 */

export interface Problem {
  error: string; // one line: what, where, the remedy
  line?: number; // of SQL: where the error is, both from 1
  column?: number;
}

/** Column-wise: as many values in each array as rows. */
export type Columns<T> = { [K in keyof T]: T[K][] };

export interface Sae {
  sae: string;
  source: string; // SAELens release and id, or a folder's name
  model: string; // the model that reads the responses
  d_sae: number | null;
  n_alive: number | null; // null: statistics are not computed yet
  has_atlas: boolean;
}

/** `data/study.json` */
export interface Study {
  name: string;
  snapshot: string; // changes with every publication; opaque
  published_at: string; // ISO 8601, UTC
  live: boolean; // false: a static site
  saes: Sae[]; // the default one first
  roles: RoleEntry[]; // sorted by name
  anchor: string; // the assistant's role, whether or not the study has it
  n_responses: number;
  n_questions: number;
  has_drift: boolean;
}

export interface RoleEntry {
  role: string;
  status: "fresh" | "stale" | "missing";
  n_responses: number;
  n_prompts: number;
  excluded: boolean;
}

export interface Label {
  description: string;
  source: string; // cache | api | export
  model: string | null; // that wrote it
}

/** `data/{sae}/map.json`: the selected features in rank order; 404 where there is no atlas. */
export interface MapData {
  roles: string[];
  features: Columns<{
    feature_id: number;
    umap_x: number;
    umap_y: number;
    pca_x: number;
    pca_y: number;
    preferred_role: number; // index into `roles`
    label: string | null;
    score: number | null;
    stability: number | null;
    sd: number | null;
    mu: number | null;
    pref_ratio: number | null;
    active_frac: number | null;
    cv: number | null;
    mean_activation: number | null;
    max_activation: number | null;
    bridge_entropy: number | null;
  }>;
  summary: {
    role_matrix_mode: string;
    n_roles: number;
    alive_count: number;
    pass_count: number;
    selected_count: number;
    sd_threshold: number | null;
    quality_k: number;
    preservation: number | null; // share of the quality_k nearest kept by the map
    pca_x_explained: number | null; // shares of the features' variance along the PCA map's axes
    pca_y_explained: number | null;
    note: string; // shown beside every map
  };
}

/** `data/{sae}/neighbors.json`: of each selected feature in rank order, rows (not ids) into `MapData.features`. */
export interface Neighbors {
  k: number;
  rows: number[][];
  similarities: number[][];
}

/** `data/{sae}/features.json`: every alive feature, by id: the table view. */
export type FeatureTable = Columns<{
  feature_id: number;
  label: string | null;
  preferred_role: string | null;
  firing_rate: number | null;
  mean: number | null;
  sd: number | null;
  entropy: number | null;
  score: number | null; // of the selection; null without an atlas
  stability: number | null;
  selected: boolean; // is on the map
  variance_role: number | null;
  variance_question: number | null;
  variance_variant: number | null;
  length_correlation: number | null;
}>;

/** `data/{sae}/feature/{feature_id}.json` */
export interface FeaturePage {
  feature_id: number;
  labels: Label[]; // the preferred one first
  url: string | null; // its page at Neuronpedia: https and an allow-listed host, else null
  alive: boolean;
  statistics: {
    firing_rate: number | null;
    mean: number | null;
    sd: number | null;
    entropy: number | null;
    preferred_role: string | null;
    length_correlation: number | null;
    variance_role: number | null;
    variance_question: number | null;
    variance_variant: number | null;
    variance_residual: number | null;
    score: number | null;
    stability: number | null;
    rank: number | null; // on the map, from 1
  };
  roles: RoleOfFeature[]; // all, by firing rate, the highest first
  related: RelatedFeature[]; // cosine over roles in the full space, the nearest first; empty off the map
  examples: ExamplesOfRole[]; // on a site: of the strongest roles; live: none, `data/{sae}/feature/{id}/{role}.json` is asked
}

export interface RoleOfFeature {
  role: string;
  firing_rate: number;
  n_active_responses: number;
  n_responses: number;
  mean: number;
  max: number;
  share: number | null;
  effect: number | null;
  effect_low: number | null;
  effect_high: number | null;
  auroc: number | null;
  q: number | null;
}

/**
 * `data/{sae}/histogram/{feature_id}.json`: of the response-level mean over the responses in which it
 * fired. Apart from the page, since it reads every role's file: with 276 roles some hundred milliseconds.
 */
export interface Histogram {
  edges: number[]; // one more than counts; both are empty where it never fired
  counts: number[];
  n_silent: number; // pooled responses in which it did not fire
}

export interface RelatedFeature {
  feature_id: number;
  similarity: number;
  label: string | null;
  preferred_role: string | null;
}

/** `data/{sae}/feature/{feature_id}/{role}.json`: live only, for it reads the role's files */
export interface ExamplesOfRole {
  role: string;
  responses: Example[]; // by max, the highest first
}

export interface Example {
  response_id: number;
  variant: number;
  question_id: number;
  system_prompt: string | null;
  question: string;
  response: string;
  mean: number;
  max: number;
  n_active: number;
  start: number | null; // the window's first token among the selected tokens
  // The tokens around the peak, "" where another one has the character they share; null: no evidence is kept.
  pieces: string[] | null;
  activations: number[] | null; // on each of `pieces`
}

/** `data/{sae}/role/{role}.json` */
export interface RolePage {
  role: string;
  status: RoleEntry["status"];
  excluded: boolean;
  instructions: { variant: number; instruction: string; system_prompt: string | null }[];
  n_responses: number;
  n_pages: number; // of `data/role/{role}/responses/{page}.json`
  features: FeatureOfRole[]; // 100 of the strongest positive and 100 of the strongest negative effects
  nearest: { role: string; similarity: number }[]; // all other roles, the nearest first
  axes: { axis: string; position: number | null; explained_variance: number | null }[];
  why_no_assistant: string | null;
}

export interface FeatureOfRole {
  feature_id: number;
  label: string | null;
  effect: number | null;
  effect_low: number | null;
  effect_high: number | null;
  auroc: number | null;
  q: number | null;
  mean: number;
  firing_rate: number;
}

/** `data/{sae}/role/{role}/features.json`: every feature that fires in the role or has a contrast; for comparing. */
export type FeaturesOfRole = Columns<{
  feature_id: number;
  mean: number;
  firing_rate: number;
  effect: number | null;
  effect_low: number | null;
  effect_high: number | null;
  auroc: number | null;
  q: number | null;
}>;

/** `data/role/{role}/responses/{page}.json`: 50 a page, pages from 1, by response_id. */
export interface ResponsesPage {
  page: number;
  n_pages: number;
  responses: ResponseRow[];
}

export interface ResponseRow {
  response_id: number;
  variant: number;
  question_id: number;
  question: string;
  response: string;
  n_response_tokens: number;
  finish_reason: string | null;
}

/** `data/{sae}/roles.json` */
export interface RolesOverview {
  order: string[]; // clustered: neighbours in the list are alike
  similarity: (number | null)[][]; // [role][role], in that order; empty without an atlas
  axes: {
    axis: string; // assistant, pc1, pc2 …
    explained_variance: number | null;
    cosine_with_assistant: number | null;
    reason: string | null; // why there are no positions
    positions: { role: string; position: number | null }[];
  }[];
}

/** `data/examples.json`: the questions of sql/examples */
export interface SqlExample {
  name: string;
  title: string;
  sql: string;
}

/** `data/schema.json`: what there is to ask */
export interface SchemaEntry {
  name: string;
  kind: "table" | "view" | "macro";
  comment: string | null;
  columns: { name: string; type: string | null; comment: string | null }[]; // of a macro: its parameters
}

/** `api/snapshot`: asked every few seconds; a live page moves on when it changes. */
export interface SnapshotState {
  snapshot: string;
  published_at: string;
}

/** `api/search?q=…&sae=…`: at most 20 of each kind */
export interface SearchResult {
  features: { feature_id: number; label: string | null; preferred_role: string | null }[];
  roles: string[];
}

/** `api/responses?q=…[&role=…]`: words in responses, as lines of JSON while they are found. */
export type ResponseHit =
  | { kind: "hit"; role: string; response_id: number; question: string; snippet: string; at: number; length: number }
  | { kind: "progress"; done: number; of: number } // roles
  | { kind: "end"; truncated: boolean }
  | { kind: "error"; error: string };

/** `POST api/sql` with `{sql}`; `POST api/sql/export?format=csv|parquet` answers a file of up to 1,000,000 rows. */
export interface SqlResult {
  columns: { name: string; type: string }[];
  rows: unknown[][]; // at most 1,000; 64-bit numbers beyond 2^53 and decimals are strings
  truncated: boolean;
  seconds: number;
}

// ---- Persona drift ---------------------------------------------------------------------------------------
// Written by persona_assets/drift/view.py, from the snapshot or from a run's exported folder. What only this
// project measures is null, or empty, for a folder that another tool wrote.

export type DriftScore = "projection" | "cosine_axis" | "cosine_anchor";
export type ConfoundVerdict = "LOW" | "MODERATE" | "HIGH"; // |r| up to 0.40, up to 0.70, above

/** `data/drift.json`: the runs by name; empty where there are none. */
export interface DriftRuns {
  runs: DriftRunEntry[];
  default_run: string | null; // the one that the makers of another tool's folder want shown first
  unreadable: { run: string; name: string; reason: string }[]; // of such a folder: what cannot be shown, and why
}

export interface DriftRunEntry {
  run: string; // the conversation's hash, or another tool's id: stands in paths as it is
  name: string; // untrusted, as all text of conversations
  sensitive: boolean; // mark it, and show its text only when asked to
  sae: string;
  own_sae: string | null; // the SAE of this study that the features are of; null: they are another's, with no page here
  neuronpedia: string | null; // where the features of another's SAE have pages: `model/source`
  model: string; // that read the conversation
  anchor: string; // the assistant's role
  score: DriftScore; // the one to show first
  n_turns: number; // assistant messages
  n_tokens: number | null; // up to the end of the last answer, template included
  n_answer_tokens: number; // of the answers alone
  largest_drop: { turn: number; change: number } | null; // of `score`: the turn that it leads to
  n_below_band: number | null; // turns whose `score` is below the null band
  verdict: ConfoundVerdict | null; // the worst confound of `score`
  max_correlation: number | null; // the largest |r| behind the verdict, where another tool gives that alone
}

/** `data/drift/run/{run}.json`. Turns count assistant messages from 0, messages count from 0. */
export interface DriftRun extends DriftRunEntry {
  space: {
    pooling: "mean" | "max" | null; // null, here and below: another tool does not say
    transform: "log1p" | "raw" | null;
    centred: boolean | null;
    normalized: boolean | null;
    axis: "difference" | "pca" | null;
    axis_cosine: number | null; // of the difference with the first principal component
    n_roles: number | null; // roles of the reference
    compared_with: string[]; // the roles whose mean the anchor is compared with
    n_draws: number | null; // behind each null band
  };
  messages: { role: "system" | "user" | "assistant"; content: string; turn: number | null }[];
  turns: DriftTurn[];
  transitions: DriftTransition[]; // one fewer than turns
  features: Record<string, DriftFeature>; // by feature_id: every feature that some transition shows
  confounds: {
    score: DriftScore;
    confound: "norm" | "n_active_features" | "n_tokens" | "raw_norm" | "n_nonzero"; // the last two: of another tool
    r: number | null; // Pearson, over turns; null with fewer than 3 turns or where one of them never changes
    verdict: ConfoundVerdict | null;
  }[];
}

export interface DriftTurn {
  turn: number;
  message: number | null; // index into `messages`
  n_tokens: number;
  n_active_features: number | null;
  norm: number | null; // of the turn's vector before L2 normalization
  // The band: 95% of spans of as many tokens from the anchor's own responses. Scores of other ways are null
  // in folders of other tools.
  scores: Record<DriftScore, { value: number; low: number | null; high: number | null } | null>;
  nearest: { role: string; cosine: number }[]; // five, the nearest first
  tokens: Columns<{
    piece: string; // "" where another token has the character they share
    projection: number; // of the token alone on the axis
    scaled: number; // 0 at the turn's 5th percentile, 1 at its 95th, cut off beyond
  }>;
}

export interface DriftTransition {
  turn: number; // leads from `previous` to `turn`
  previous: number;
  changes: Record<DriftScore, number | null>;
  toward_mass: number; // sum of the positive contributions
  away_mass: number; // sum of the negative ones, as a positive number
  n_features: number | null; // that changed
  // What moved the projection: contribution = delta * weight, over all features they sum to its change.
  // delta > 0: activated, else deactivated; contribution < 0: away from the assistant; weight > 0: assistant-like.
  features: Columns<{
    feature_id: number;
    delta: number;
    weight: number;
    contribution: number;
    share_of_change: number; // |delta| over the sum of all |delta|
    share_of_away: number; // -contribution over away_mass; 0 where it is not away
  }>;
  by_contribution: number[]; // rows of `features`, by |contribution|
  by_change: number[]; // rows of `features`, by |delta|: the largest changes may explain little
  covered: { by_contribution: number | null; by_change: number | null }; // share of all |contribution| shown
}

export interface DriftFeature {
  label: string | null;
  roles: { role: string; share: number }[]; // its role profile: the three strongest, of its sum over roles
  profile: string | null; // where only a text is known (folders of other tools)
}
