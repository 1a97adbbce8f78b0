// Written by `make generated`; change persona_assets/explorer/contract instead.

/** A feature in a role that was measured, whether or not it fires there. */
export interface RoleOfFeature {
  role: string;
  /** The role's mean over the sum of all roles' means */
  share: number | null;
  /** The role's mean less the mean of the middle half of the other roles, on the same questions; units of SAE activation. NULL where roles share no questions. It compares means, AUROC ranks: their signs may differ */
  effect: number | null;
  /** Lower end of the effect's 95% interval (t, with an error that treats wordings and questions as random samples: docs/statistics.md); NULL with one question, or where fewer than 5 firings are expected and fewer than 15 seen */
  effect_low: number | null;
  /** Upper end of the effect's 95% interval */
  effect_high: number | null;
  /** How often a response of the role has more of it than one of the others, ties counting half: exact. Longer answers have more of what fires seldom: see length_contrasts */
  auroc: number | null;
  /** p adjusted for all features of the role (Benjamini-Hochberg): below 0.05 at most 5% of such findings in the role are expected to be false; see role_findings */
  q: number | null;
  /** Lower end of AUROC's 95% interval, which knows wordings as the effect's does; NULL where the effect has none for want of firings */
  auroc_low: number | null;
  /** Upper end of AUROC's 95% interval */
  auroc_high: number | null;
  /** The least AUROC of one of the role's wordings against the other roles */
  min_wording_auroc: number | null;
  /** How many of the role's wordings have an AUROC on the role's side of 1/2 */
  n_wordings_agree: number | null;
  /** p adjusted for all pairs of role and feature */
  q_pooled: number | null;
  /** Of a difference of AUROC from 1/2 of analysis.smallest_effect at most, with the error of its interval; NULL where that is */
  p_relevant: number | null;
  /** p_relevant adjusted for all features of the role */
  q_relevant: number | null;
  /** The role's place among the roles by its mean: 1 has most; equal ones share the best */
  role_rank: number | null;
  /** Standard error of the role's mean, with wordings and questions as random samples; compare_roles takes it of two roles. NULL where roles share no questions, or with one question */
  mean_error: number | null;
  /** Its degrees of freedom (Satterthwaite's) */
  mean_df: number | null;
  /** Pooled responses of the role */
  n_responses: number;
  /** Pooled responses in which the feature fired on some token */
  n_active_responses: number;
  /** n_active_responses / n_responses */
  firing_rate: number;
  /** Mean over all pooled responses (zeros too) of the mean over tokens; units of SAE activation */
  mean: number;
  /** The strongest activation on any token; units of SAE activation */
  max: number;
  n_wordings: number;
  played_effect: number | null;
  first_effect: number | null;
  first_effect_low: number | null;
  first_effect_high: number | null;
}

/** The responses of a role in which a feature is strongest; live only, for it reads the role's files. */
export interface ExamplesOfRole {
  role: string;
  /** By max, the highest first. */
  responses: Example[];
}

/** Every answer other than 200. */
export interface Problem {
  /** One line: what, where, the remedy. */
  error: string;
  /** True: for a first publication, and nothing is wrong. */
  waits?: boolean;
  /** Of SQL: where the error is, from 1; so is `column`. */
  line?: number;
  column?: number;
}

/** One of the study's sparse autoencoders. */
export interface Sae {
  sae: string;
  /** SAELens release and id, or a folder's name. */
  source: string;
  /** The model that reads the responses. */
  model: string;
  /** The stream that the SAE writes to; null: not known. */
  hook: string | null;
  d_sae: number | null;
  /** Null: statistics are not computed yet. */
  n_alive: number | null;
  has_atlas: boolean;
}

/** A role, and how far it has come. */
export interface RoleEntry {
  role: string;
  status: "fresh" | "stale" | "missing";
  n_responses: number;
  n_prompts: number;
  excluded: boolean;
  /** SAEs; without one the role cannot be compared. */
  read_by: string[];
}

/** The study as a whole. */
export interface Study {
  name: string;
  /** Changes with every publication; opaque. */
  snapshot: string;
  /** ISO 8601, UTC. */
  published_at: string;
  /** Of persona-assets, that answers or wrote the site. */
  version: string;
  /** False: a static site. */
  live: boolean;
  /** The default one first. */
  saes: Sae[];
  /** By name. */
  roles: RoleEntry[];
  /** The assistant's role, whether or not the study has it. */
  anchor: string;
  n_responses: number;
  n_questions: number;
  /** Whose ratings tell the answers that play their role apart; null: nobody's do. */
  judge: string | null;
  /** The least rating of those. */
  min_score: number | null;
  has_drift: boolean;
  /** Something is recorded of them: effects, or answers under edits. */
  has_interventions: boolean;
  has_scored_labels: boolean;
  /** What the model's chat template inserts where no system message is sent; null: nothing, or not known. */
  default_system_prompt: string | null;
}

/** How well a label foretells its feature, by one scorer. */
export interface LabelScore {
  scorer: string;
  /** Balanced accuracy; 1/2 is chance. */
  score: number | null;
  low: number | null;
  high: number | null;
  q: number | null;
  /** Excerpts that were asked about. */
  n: number;
  /** Those whose answer could not be read. */
  n_unparsed: number;
  /** The model that was asked. */
  scored_by: string;
  /** The score and its interval in words. */
  worth: string | null;
  why_unscored: string | null;
}

/** What the preferred label of a feature is worth, of those that were scored. */
export interface LabelWorth {
  feature_id: number;
  score: number;
  /** The score and its interval in words. */
  worth: string;
  /** Than chance. */
  better: boolean;
}

/** A description of a feature. */
export interface Label {
  description: string;
  /** cache, api or export. */
  source: string;
  /** That wrote it. */
  model: string | null;
  /** By the study's scorers, in their order; empty where it was never scored. */
  scores: LabelScore[];
}

/** The selected features in rank order; `preferred_role` and `top_roles` are places among the map's roles, and `top_shares` are the shares of the latter. */
export interface MapFeatures {
  feature_id: number[];
  /** UMAP over cosines; NULL where the feature has no place */
  umap_x: (number | null)[];
  umap_y: (number | null)[];
  /** On the first principal component; NULL where there is none */
  pca_x: (number | null)[];
  pca_y: (number | null)[];
  preferred_role: number[];
  /** features.score: the role's share of the variance of one answer */
  score: (number | null)[];
  /** Correlation over roles of what two halves of each role's wordings give; NULL with one wording */
  stability: (number | null)[];
  /** Population standard deviation of M over roles */
  sd: (number | null)[];
  /** Mean of M over roles */
  mu: (number | null)[];
  /** The largest V over the second (at least 1e-8) */
  pref_ratio: (number | null)[];
  /** Share of roles with M > 0 */
  active_frac: (number | null)[];
  /** sd / |mu|; NULL where M is centred, for mu is about 0 then */
  cv: (number | null)[];
  /** Mean over roles of the role's mean (strategy max: maximum); units of SAE activation */
  mean_activation: (number | null)[];
  /** The largest of these means over roles */
  max_activation: (number | null)[];
  /** Entropy of the shares over log(number of roles): 1 where all roles are alike, 0 where one has all */
  bridge_entropy: (number | null)[];
  top_roles: number[][];
  top_shares: ((number | null)[])[];
  label: (string | null)[];
}

/** How the map was made, and how true it is. */
export interface MapSummary {
  /** question_centered_mean: role means less what all roles do on the same responses; log1p_role_mean: log(1 + role mean) */
  role_matrix_mode: string;
  n_roles: number;
  /** Features that any role has */
  alive_count: number;
  /** Features that may be on the map (features.pass) */
  pass_count: number;
  /** The best of these by score: those on the map */
  selected_count: number;
  /** The median sd over roles of the alive features, the least to pass classically */
  sd_threshold: number | null;
  /** What selected: role_test, or classic */
  criterion: string | null;
  quality_k: number;
  /** Share of a feature's quality_k nearest by cosine that are among its nearest on the map; NULL where there is no map */
  preservation: number | null;
  /** That of a map of the features with their roles shuffled */
  preservation_null: number | null;
  /** Share of a feature's quality_k nearest on the map that are so with another random state of UMAP, over every two of three */
  map_stability: number | null;
  /** Share of neighbors.stable */
  neighbors_stable: number | null;
  /** The 95th percentile of a feature's cosine with its nearest, with their roles shuffled */
  neighbor_null: number | null;
  /** The 95th percentile of a role's similarity with its nearest, with each feature's roles shuffled: below it none is near */
  similarity_null: number | null;
  /** Of role_axes.position. noise: each feature is over the standard error of a role's mean; raw: as M, where that is not known */
  axes_unit: string | null;
  /** The first principal component's share of the selected features' variance over roles; NULL where there is none */
  pca_x_explained: number | null;
  /** The second principal component's share */
  pca_y_explained: number | null;
  /** To be shown beside every map */
  note: string;
}

/** The map of an SAE's selected features; 404 where there is no atlas. */
export interface MapData {
  roles: string[];
  /** Roles that are alike beyond chance, by their places among the roles; the largest first. */
  families: number[][];
  features: MapFeatures;
  summary: MapSummary;
}

/** Of each selected feature in rank order: rows (not ids) into the map's features. */
export interface Neighbors {
  k: number;
  rows: number[][];
  similarities: number[][];
  /** Whether it is as near in both halves of the wordings; null: not known. */
  stable: ((boolean | null)[])[];
}

/** Every alive feature, by id; a score is of those only that may be on the map, and `selected` are on it. */
export interface FeatureTable {
  feature_id: number[];
  /** Mean of the roles' means; units of SAE activation */
  mean: (number | null)[];
  /** Population standard deviation of the roles' means */
  sd: (number | null)[];
  /** The role with the largest mean */
  preferred_role: (string | null)[];
  /** Entropy of the roles' shares over log(number of roles): 1 where all are alike, 0 where one has all */
  entropy: (number | null)[];
  /** Share of all responses in which the feature fired */
  firing_rate: (number | null)[];
  /** Pearson correlation with the number of pooled tokens, over responses */
  length_correlation: (number | null)[];
  /** Share of the variance over responses that roles explain (type I sums of squares: role, question, variant within role) */
  variance_role: (number | null)[];
  /** Share that questions explain beyond roles; NULL where roles share no questions */
  variance_question: (number | null)[];
  /** Share that variants within roles explain beyond both */
  variance_variant: (number | null)[];
  /** Share of the variance of one answer that is due to its role: a variance component. variance_role, a share of the sums of squares, holds a part of the wordings' too. Below 0 by chance where there is none; NULL where roles share no questions */
  component_role: (number | null)[];
  /** Share due to the question */
  component_question: (number | null)[];
  /** Share due to the wording within the role */
  component_wording: (number | null)[];
  /** Share due to what one role does on one question */
  component_role_question: (number | null)[];
  /** Share that is none of these */
  component_rest: (number | null)[];
  /** Correlation over roles of what two halves of each role's wordings give (strategy max: of the means of their maxima); about 0 where only wordings differ. NULL with one wording */
  stability: (number | null)[];
  /** The role's share of the variance of one answer, -1 for those that did not pass; the highest are selected. Likewise classic */
  score: (number | null)[];
  /** F of the role over its wordings and role x question, of means in either strategy: docs/statistics.md. NULL where roles share no questions, or nothing is repeated */
  role_f: (number | null)[];
  /** F's p adjusted for all features (Benjamini-Hochberg) */
  role_q: (number | null)[];
  label: (string | null)[];
  selected: boolean[];
}

/** What a feature does across roles; `rank` on the map, from 1. */
export interface FeatureStatistics {
  /** Mean of the roles' means; units of SAE activation */
  mean: number | null;
  /** Population standard deviation of the roles' means */
  sd: number | null;
  /** The role with the largest mean */
  preferred_role: string | null;
  /** Entropy of the roles' shares over log(number of roles): 1 where all are alike, 0 where one has all */
  entropy: number | null;
  /** Share of all responses in which the feature fired */
  firing_rate: number | null;
  /** Pearson correlation with the number of pooled tokens, over responses */
  length_correlation: number | null;
  /** Share of the variance over responses that roles explain (type I sums of squares: role, question, variant within role) */
  variance_role: number | null;
  /** Share that questions explain beyond roles; NULL where roles share no questions */
  variance_question: number | null;
  /** Share that variants within roles explain beyond both */
  variance_variant: number | null;
  /** Share that none of the three explains */
  variance_residual: number | null;
  /** Share of the variance of one answer that is due to its role: a variance component. variance_role, a share of the sums of squares, holds a part of the wordings' too. Below 0 by chance where there is none; NULL where roles share no questions */
  component_role: number | null;
  /** Share due to the question */
  component_question: number | null;
  /** Share due to the wording within the role */
  component_wording: number | null;
  /** Share due to what one role does on one question */
  component_role_question: number | null;
  /** Share that is none of these */
  component_rest: number | null;
  /** Correlation over roles of what two halves of each role's wordings give (strategy max: of the means of their maxima); about 0 where only wordings differ. NULL with one wording */
  stability: number | null;
  /** The role's share of the variance of one answer, -1 for those that did not pass; the highest are selected. Likewise classic */
  score: number | null;
  /** F of the role over its wordings and role x question, of means in either strategy: docs/statistics.md. NULL where roles share no questions, or nothing is repeated */
  role_f: number | null;
  /** F's p adjusted for all features (Benjamini-Hochberg) */
  role_q: number | null;
  rank: number | null;
}

/** One of a feature's nearest: cosine over roles in the full space. */
export interface RelatedFeature {
  feature_id: number;
  similarity: number;
  label: string | null;
  preferred_role: string | null;
}

/** A token whose logit a feature's direction changes most, in the weights alone. */
export interface TokenLogit {
  /** 1: it raises the logit; -1: it lowers it. */
  sign: -1 | 1;
  piece: string;
  /** Per unit of activation, the final norm's scale held at 1. */
  value: number;
}

/** A feature by the cosine of its decoder direction with another's. */
export interface WrittenAlike {
  feature_id: number;
  cosine: number;
  label: string | null;
  preferred_role: string | null;
}

/** What editing a feature does by one metric, beside what its controls do. */
export interface FeatureEffect {
  /** Its name in the study */
  intervention: string;
  /** Whose answers they are */
  role: string;
  /** add, ablate, cap or floor */
  operation: string;
  /** As the study says it: docs/interventions.md has its units */
  strength: number;
  /** kl, readout or loss, of intervention_readouts; answer_readout, answer_loss, answer_repetition or answer_score, of steered_responses: the answer's less that at strength 0 */
  metric: string;
  /** Its mean over questions: of kl and losses in nats per token, of readouts in ways from the other roles to the role that it is of, of answer_score on the judge's scale */
  effect: number;
  /** Lower end of the effect's 95% interval (t over questions, pair by pair); NULL with one question, and where it is the same to all */
  low: number | null;
  /** Upper end */
  high: number | null;
  /** Pairs of an edited and an unedited reading of the same answer, or of two answers */
  n_questions: number;
  /** What it is compared with: feature, random features as active in the role; direction, random directions */
  against: string;
  /** How many, pooled over the intervention's targets */
  n_controls: number;
  /** The 2.5th percentile of the controls' effects */
  control_low: number;
  /** Their 97.5th percentile */
  control_high: number;
  /** p adjusted over the targets, roles and strengths of the intervention (Benjamini-Hochberg) */
  q: number;
  /** Whether q is at most 0.05 */
  moves: boolean | null;
}

/** The page of one feature. */
export interface FeaturePage {
  feature_id: number;
  /** The preferred one first. */
  labels: Label[];
  /** Its page at Neuronpedia: https and an allow-listed host, else null. */
  url: string | null;
  alive: boolean;
  statistics: FeatureStatistics;
  /** All that were measured, by firing rate, the highest first. */
  roles: RoleOfFeature[];
  /** The nearest first; empty off the map. */
  related: RelatedFeature[];
  /** The promoted first, of each sign the strongest first; empty where there are none. */
  logits: TokenLogit[];
  /** The nearest first; the last is the most opposed. Empty where nobody made them. */
  written_alike: WrittenAlike[];
  /** Of the study's interventions, the strengths of each together; empty where none edits it. */
  effects: FeatureEffect[];
  /** On a site: of the strongest roles; live: none, each role's are asked. */
  examples: ExamplesOfRole[];
}

/** Of a feature's mean over the responses in which it fired; apart from the page, it reads all roles. */
export interface Histogram {
  /** One more than counts; both are empty where it never fired. */
  edges: number[];
  counts: number[];
  /** Pooled responses in which it did not fire. */
  n_silent: number;
}

/** How well a role is played in the eyes of a judge; `highest` is the top of its scale. */
export interface Adherence {
  role: string;
  judge: string;
  /** Responses of the role that the judge has a row for */
  n_responses: number;
  /** Those without a rating; they count in no mean */
  n_unrated: number;
  /** Mean rating */
  rating: number | null;
  /** The lowest of the means of the role's variants */
  lowest_variant: number | null;
  /** The highest of the means of the role's variants */
  highest_variant: number | null;
  highest: number;
}

/** A feature of a role. */
export interface FeatureOfRole {
  feature_id: number;
  /** token_rate over the mean of the other roles' token rates; NULL where that is 0 */
  rate_ratio: number | null;
  /** Lower end of the ratio's 95% interval (Fieller's), which treats wordings and questions as random samples; NULL where fewer than 5 firings are expected */
  rate_ratio_low: number | null;
  /** Upper end of the ratio's 95% interval */
  rate_ratio_high: number | null;
  /** role_contrasts.effect less what the role's mean length explains by the slope within roles; units of SAE activation. NULL where roles share no questions, or length_overlap is below 0.2 */
  effect_at_length: number | null;
  /** Lower end of its 95% interval; NULL where fewer than 5 firings are expected */
  effect_at_length_low: number | null;
  /** Upper end of its 95% interval */
  effect_at_length_high: number | null;
  /** Of the role, how far its answers' lengths are those of the other roles': 1 alike, 0 where the longest of one are shorter than the shortest of the other (1 - Kolmogorov and Smirnov's distance) */
  length_overlap: number | null;
  /** The role's mean less the mean of the middle half of the other roles, on the same questions; units of SAE activation. NULL where roles share no questions. It compares means, AUROC ranks: their signs may differ */
  effect: number | null;
  /** Lower end of the effect's 95% interval (t, with an error that treats wordings and questions as random samples: docs/statistics.md); NULL with one question, or where fewer than 5 firings are expected and fewer than 15 seen */
  effect_low: number | null;
  /** Upper end of the effect's 95% interval */
  effect_high: number | null;
  /** How often a response of the role has more of it than one of the others, ties counting half: exact. Longer answers have more of what fires seldom: see length_contrasts */
  auroc: number | null;
  /** p adjusted for all features of the role (Benjamini-Hochberg): below 0.05 at most 5% of such findings in the role are expected to be false; see role_findings */
  q: number | null;
  /** Lower end of AUROC's 95% interval, which knows wordings as the effect's does; NULL where the effect has none for want of firings */
  auroc_low: number | null;
  /** Upper end of AUROC's 95% interval */
  auroc_high: number | null;
  /** The least AUROC of one of the role's wordings against the other roles */
  min_wording_auroc: number | null;
  /** How many of the role's wordings have an AUROC on the role's side of 1/2 */
  n_wordings_agree: number | null;
  /** p_relevant adjusted for all features of the role */
  q_relevant: number | null;
  /** The role's place among the roles by its mean: 1 has most; equal ones share the best */
  role_rank: number | null;
  /** n_active_responses / n_responses */
  firing_rate: number;
  /** Mean over all pooled responses (zeros too) of the mean over tokens; units of SAE activation */
  mean: number;
  label: string | null;
  played_effect: number | null;
  first_effect: number | null;
  first_effect_low: number | null;
  first_effect_high: number | null;
}

/** How many features set a role apart. */
export interface Findings {
  role: string;
  /** Features with a p in role_contrasts */
  n_tested: number;
  /** Simes' p that no feature sets the role apart: its smallest q */
  simes_p: number | null;
  /** simes_p adjusted for all roles (Benjamini-Hochberg); a role is chosen below 0.05 */
  simes_q: number | null;
  /** What q is held against in the role: 0.05 x the share of roles that are chosen; NULL for a role that is not */
  level: number | null;
  /** Features with q up to the level of which the role's answers have more */
  n_more: number;
  /** Features with q up to the level of which they have less */
  n_less: number;
  /** Features of both kinds whose q_relevant is up to the level, too: that differ by more than analysis.smallest_effect */
  n_relevant: number;
}

/** How many answers play the role. */
export interface PlayedRole {
  role: string;
  /** Pooled responses of the role */
  n_responses: number;
  /** Those that the judge has rated */
  n_rated: number;
  /** Those that count as played */
  n_played: number;
  /** Of the rated ones, the share rated analysis.min_score at least; NULL where none is rated */
  share: number | null;
  /** Lower end of the share's 95% interval, with wordings as a random sample */
  share_low: number | null;
  /** Upper end of the share's 95% interval */
  share_high: number | null;
  /** Whether there are analysis.min_responses of them, so that the role is in played_features and played_contrasts */
  takes_part: boolean;
}

/** How well a plain method tells a role's answers from others', and what it goes by. */
export interface Baseline {
  /** feature: the best single feature; probe_1, probe_5, probe_20: logistic regression on so many features; mean_difference: along the difference of the features' means; residual_difference: along that of response_vectors, where a study keeps them; words: logistic regression on words and pairs of words (TF-IDF) */
  method: string;
  /** How often an answer of the role gets more than one of the others */
  auroc: number;
  /** Lower end of its 95% interval, with wordings, questions and other roles as random samples */
  low: number;
  /** Upper end of its 95% interval */
  high: number;
  /** Answers of the role that were judged */
  n: number;
  /** Answers of other roles, about as many of each */
  n_others: number;
  features: number[] | null;
  terms: string[] | null;
}

/** Whether a feature peaks on words of a role's own instructions or name. */
export interface Echo {
  role: string;
  feature_id: number;
  n_peaks: number;
  /** Peaks on such words. */
  n_echoes: number;
  /** The share of the same peaks on words of another role's, in the mean; null: there is no other. */
  chance: number | null;
  /** The role's words hold no more peaks than another's; never below one over the number of roles. */
  p: number;
  words: string[];
}

/** A variant of a role's instruction. */
export interface Instruction {
  variant: number;
  instruction: string;
  system_prompt: string | null;
}

/** Another role, its cosine, and the interval of the cosine free of noise. */
export interface Similar {
  role: string;
  similarity: number | null;
  similarity_low: number | null;
  similarity_high: number | null;
}

/** Where a role stands on an axis. */
export interface Place {
  axis: string;
  position: number | null;
  explained_variance: number | null;
}

/** How well the SAE fits the model in a role. */
export interface SaeFit {
  /** Fraction of variance unexplained: the squared error of the reconstruction over the variance of what the SAE reads about its mean token, each summed over all tokens; NULL for a transcoder */
  fvu: number | null;
  /** Mean number of active features per token */
  l0: number;
  /** How much of what the model predicts better with the stream than with zeros in its place it still does with the SAE's reconstruction: 1 where the SAE costs nothing, 0 where it is no better than zeros; NULL unless extraction.fit.loss_recovered, and where the stream cannot be replaced */
  loss_recovered: number | null;
  /** Tokens that fvu and l0 are of */
  n_tokens: number;
  /** Outliers among the sample's tokens, as in pooled */
  n_outliers: number;
  /** Responses of the sample */
  n_responses: number;
  role: string;
}

/** How many answers of a role differ from one another. */
export interface RoleAnswers {
  n_responses: number;
  n_distinct: number;
  n_effective: number;
  /** So few differ that wordings are no draws of their own, and errors are understated. */
  repeats: boolean;
}

/** The page of one role. */
export interface RolePage {
  role: string;
  status: "fresh" | "stale" | "missing";
  excluded: boolean;
  instructions: Instruction[];
  n_responses: number;
  /** Of responses. */
  n_pages: number;
  /** Null: there are none. */
  answers: RoleAnswers | null;
  /** 100 of the strongest positive and 100 of the strongest negative effects. */
  features: FeatureOfRole[];
  /** All other roles, the nearest first. */
  nearest: Similar[];
  axes: Place[];
  /** Variants that the SAE has read; null: none of the role. */
  n_wordings: number | null;
  /** By judge; empty where the study has none. */
  adherence: Adherence[];
  /** Null: not compared. */
  findings: Findings | null;
  /** Null: no answers are told apart by whether they play the role. */
  played: PlayedRole | null;
  /** Null: not measured. */
  fit: SaeFit | null;
  /** Empty where nobody made them. */
  baselines: Baseline[];
  /** Of the features above that peak on the role's own words more than by chance, the surest first. */
  echoes: Echo[];
  why_no_assistant: string | null;
  /** By chance alone 5% of the nearest roles have a similarity above this; null: not known. */
  similarity_null: number | null;
}

/** A role on an axis, and the interval of its position and of its place from the top. */
export interface Position {
  role: string;
  position: number | null;
  position_low: number | null;
  position_high: number | null;
  rank_low: number | null;
  rank_high: number | null;
  /** Of the assistant axis: over answers that play their role; null without a judge, and of too few. */
  played_position: number | null;
  played_position_low: number | null;
  played_position_high: number | null;
}

/** An axis through the roles. */
export interface Axis {
  /** assistant, pc1, pc2 … */
  axis: string;
  explained_variance: number | null;
  /** By chance alone 5% are above this. */
  explained_null: number | null;
  cosine_with_assistant: number | null;
  /** Of the assistant axis: the median position of another role as the anchor of its own. */
  anchor_null: number | null;
  /** Why there are no positions. */
  reason: string | null;
  /** Of the assistant axis over answers that play their role with this one; null: there is no such axis. */
  played_axis_cosine: number | null;
  positions: Position[];
}

/** All roles beside one another. */
export interface RolesOverview {
  /** Clustered: neighbors in the list are alike. */
  order: string[];
  /** [role][role], in that order; empty without an atlas. */
  similarity: ((number | null)[])[];
  /** Of the interval free of noise, likewise; so is similarity_high. */
  similarity_low: ((number | null)[])[];
  similarity_high: ((number | null)[])[];
  /** By chance alone 5% of the nearest roles have a similarity above this; null: not known. */
  similarity_null: number | null;
  /** Roles that are alike beyond chance, by their places in the order; the largest first. */
  families: number[][];
  axes: Axis[];
  adherence: Adherence[];
  /** Of the roles that are compared. */
  findings: Findings[];
  /** Of the roles in which it was measured. */
  fits: SaeFit[];
}

/** A feature that marks a role, and the sentence where it is strongest: null where no tokens are kept. */
export interface Mark {
  feature_id: number;
  /** The role's mean less the mean of the middle half of the other roles, on the same questions; units of SAE activation. NULL where roles share no questions. It compares means, AUROC ranks: their signs may differ */
  effect: number | null;
  /** Lower end of the effect's 95% interval (t, with an error that treats wordings and questions as random samples: docs/statistics.md); NULL with one question, or where fewer than 5 firings are expected and fewer than 15 seen */
  effect_low: number | null;
  /** Upper end of the effect's 95% interval */
  effect_high: number | null;
  /** How often a response of the role has more of it than one of the others, ties counting half: exact. Longer answers have more of what fires seldom: see length_contrasts */
  auroc: number | null;
  /** p adjusted for all features of the role (Benjamini-Hochberg): below 0.05 at most 5% of such findings in the role are expected to be false; see role_findings */
  q: number | null;
  /** Lower end of AUROC's 95% interval, which knows wordings as the effect's does; NULL where the effect has none for want of firings */
  auroc_low: number | null;
  /** Upper end of AUROC's 95% interval */
  auroc_high: number | null;
  /** How many of the role's wordings have an AUROC on the role's side of 1/2 */
  n_wordings_agree: number | null;
  label: string | null;
  role: string | null;
  response_id: number | null;
  start: number | null;
  pieces: string[] | null;
  activations: number[] | null;
}

/** The assistant axis, and what marks its ends. */
export interface Line {
  /** Null: the study has no atlas. */
  axis: Axis | null;
  /** Of positions. noise: standard errors of a role's mean; raw: as the matrix of roles; null: not known. */
  unit: string | null;
  /** Of the anchor, by the near end of AUROC's interval: what it has more of than the other roles. */
  toward: Mark[];
  /** What it has less of; the sentences are of other roles. */
  away: Mark[];
}

/** What marks a role, ordered by the near end of AUROC's interval. */
export interface MarksOfRole {
  role: string;
  marks: Mark[];
}

/** A feature in a role that is compared, per token and at equal length. */
export interface LengthOfRole {
  role: string;
  /** token_rate over the mean of the other roles' token rates; NULL where that is 0 */
  rate_ratio: number | null;
  /** Lower end of the ratio's 95% interval (Fieller's), which treats wordings and questions as random samples; NULL where fewer than 5 firings are expected */
  rate_ratio_low: number | null;
  /** Upper end of the ratio's 95% interval */
  rate_ratio_high: number | null;
  /** role_contrasts.effect less what the role's mean length explains by the slope within roles; units of SAE activation. NULL where roles share no questions, or length_overlap is below 0.2 */
  effect_at_length: number | null;
  /** Lower end of its 95% interval; NULL where fewer than 5 firings are expected */
  effect_at_length_low: number | null;
  /** Upper end of its 95% interval */
  effect_at_length_high: number | null;
  /** Of the role, how far its answers' lengths are those of the other roles': 1 alike, 0 where the longest of one are shorter than the shortest of the other (1 - Kolmogorov and Smirnov's distance) */
  length_overlap: number | null;
}

/** A feature of a role in an order of one's choice, with the values of the orders that have no column. */
export interface FeatureInOrder {
  feature_id: number;
  /** token_rate over the mean of the other roles' token rates; NULL where that is 0 */
  rate_ratio: number | null;
  /** Lower end of the ratio's 95% interval (Fieller's), which treats wordings and questions as random samples; NULL where fewer than 5 firings are expected */
  rate_ratio_low: number | null;
  /** Upper end of the ratio's 95% interval */
  rate_ratio_high: number | null;
  /** role_contrasts.effect less what the role's mean length explains by the slope within roles; units of SAE activation. NULL where roles share no questions, or length_overlap is below 0.2 */
  effect_at_length: number | null;
  /** Lower end of its 95% interval; NULL where fewer than 5 firings are expected */
  effect_at_length_low: number | null;
  /** Upper end of its 95% interval */
  effect_at_length_high: number | null;
  /** Of the role, how far its answers' lengths are those of the other roles': 1 alike, 0 where the longest of one are shorter than the shortest of the other (1 - Kolmogorov and Smirnov's distance) */
  length_overlap: number | null;
  /** The role's mean less the mean of the middle half of the other roles, on the same questions; units of SAE activation. NULL where roles share no questions. It compares means, AUROC ranks: their signs may differ */
  effect: number | null;
  /** Lower end of the effect's 95% interval (t, with an error that treats wordings and questions as random samples: docs/statistics.md); NULL with one question, or where fewer than 5 firings are expected and fewer than 15 seen */
  effect_low: number | null;
  /** Upper end of the effect's 95% interval */
  effect_high: number | null;
  /** How often a response of the role has more of it than one of the others, ties counting half: exact. Longer answers have more of what fires seldom: see length_contrasts */
  auroc: number | null;
  /** p adjusted for all features of the role (Benjamini-Hochberg): below 0.05 at most 5% of such findings in the role are expected to be false; see role_findings */
  q: number | null;
  /** Lower end of AUROC's 95% interval, which knows wordings as the effect's does; NULL where the effect has none for want of firings */
  auroc_low: number | null;
  /** Upper end of AUROC's 95% interval */
  auroc_high: number | null;
  /** The least AUROC of one of the role's wordings against the other roles */
  min_wording_auroc: number | null;
  /** How many of the role's wordings have an AUROC on the role's side of 1/2 */
  n_wordings_agree: number | null;
  /** p_relevant adjusted for all features of the role */
  q_relevant: number | null;
  /** The role's place among the roles by its mean: 1 has most; equal ones share the best */
  role_rank: number | null;
  /** n_active_responses / n_responses */
  firing_rate: number;
  /** Mean over all pooled responses (zeros too) of the mean over tokens; units of SAE activation */
  mean: number;
  label: string | null;
  played_effect: number | null;
  first_effect: number | null;
  first_effect_low: number | null;
  first_effect_high: number | null;
  distinctness: number | null;
  lift: number | null;
  score: number | null;
}

/** Every feature that fires in the role or has a contrast; for comparing. */
export interface FeaturesOfRole {
  feature_id: number[];
  /** The role's mean less the mean of the middle half of the other roles, on the same questions; units of SAE activation. NULL where roles share no questions. It compares means, AUROC ranks: their signs may differ */
  effect: (number | null)[];
  /** How many of the role's wordings have an AUROC on the role's side of 1/2 */
  n_wordings_agree: (number | null)[];
  /** Standard error of the role's mean, with wordings and questions as random samples; compare_roles takes it of two roles. NULL where roles share no questions, or with one question */
  mean_error: (number | null)[];
  /** Its degrees of freedom (Satterthwaite's) */
  mean_df: (number | null)[];
  /** Pooled responses of the role */
  n_responses: number[];
  /** n_active_responses / n_responses */
  firing_rate: number[];
  /** Mean over all pooled responses (zeros too) of the mean over tokens; units of SAE activation */
  mean: number[];
}

/** How often a feature is active on any token, and whether on one token or at one place alone. */
export interface Shape {
  /** Active tokens over all pooled tokens of all roles. */
  token_rate: number | null;
  /** That the evidence keeps; null: none. */
  n_peaks: number | null;
  /** Of the peaks, on the commonest token. */
  single_token_share: number | null;
  single_token: string | null;
  /** The mean place of the peak: 0 the first token of a response, 1 the last. */
  peak_place: number | null;
  /** Of a token's activation with its place in the response; null: of no role it is kept. */
  position_correlation: number | null;
  /** Of the 95% interval, over roles; null of fewer than four. */
  position_low: number | null;
  position_high: number | null;
}

/** How many tokens have an activation of at least one number and below another: half an octave. */
export interface TokenBin {
  from_activation: number;
  to_activation: number;
  n_tokens: number;
  /** That have a histogram; the same in every bin. */
  n_roles: number;
}

/** The tokens around the peak in a response of one band of a feature's activation. */
export interface RangeExample {
  /** Of five of equal number: 1 the weakest, 5 the strongest. */
  band: number;
  n_in_band: number;
  role: string;
  response_id: number;
  max: number;
  /** By lot, from all of the role's responses that fire it; else one of the role's strongest. */
  drawn: boolean;
  start: number;
  pieces: string[];
  activations: number[];
  /** Cut. */
  question: string;
}

/** The share of a role's tokens on which a feature is active. */
export interface Density {
  role: string;
  token_rate: number | null;
}

/** What a role says where it fires a feature most, and another to the same, the feature silent. */
export interface SilentAnswer {
  question: string;
  max: number;
  /** The answer that fires it, cut; so is `response`. */
  fired: string;
  /** The other. */
  role: string;
  response: string;
  /** Of the other role's `n_answers` to the question. */
  n_silent: number;
  n_answers: number;
}

/** What is known of a feature from its tokens and answers; apart from the page, it reads all roles. */
export interface FeaturePeaks {
  shape: Shape;
  /** By rate, the highest first. */
  density: Density[];
  /** By activation; none where no role's tokens were counted. */
  tokens: TokenBin[];
  /** The strongest first, at most three of each band. */
  over_range: RangeExample[];
  /** The role where it is strongest, whose answers are set beside `silent` ones. */
  fires_in: string | null;
  /** One per question, at most three. */
  silent: SilentAnswer[];
  /** Of the roles in which it echoes, the surest first. */
  echoes: Echo[];
}

/** A part of a response of a model that thinks. */
export interface ResponsePart {
  /** Other: a channel for neither. */
  kind: "thinking" | "answer" | "other";
  text: string;
  n_tokens: number;
}

/** A response in which a feature fires, with the tokens around its peak. */
export interface Example {
  response_id: number;
  variant: number;
  question_id: number;
  system_prompt: string | null;
  question: string;
  response: string;
  /** In their order; empty where the response is one answer. */
  parts: ResponsePart[];
  mean: number;
  max: number;
  n_active: number | null;
  /** The window's first token among the selected tokens. */
  start: number | null;
  /** "" where another token has the character they share; null: no evidence is kept. */
  pieces: string[] | null;
  /** On each of `pieces`. */
  activations: number[] | null;
}

/** A response. */
export interface ResponseRow {
  response_id: number;
  variant: number;
  question_id: number;
  question: string;
  response: string;
  /** In their order; empty where the response is one answer. */
  parts: ResponsePart[];
  n_response_tokens: number;
  finish_reason: string | null;
}

/** 50 responses of a role, by response_id; pages count from 1. */
export interface ResponsesPage {
  page: number;
  n_pages: number;
  responses: ResponseRow[];
}

/** A question of `sql/examples`. */
export interface SqlExample {
  name: string;
  title: string;
  sql: string;
}

/** A column, or a macro's parameter. */
export interface SchemaColumn {
  name: string;
  type: string | null;
  comment: string | null;
}

/** A table, view or macro that can be asked. */
export interface SchemaEntry {
  name: string;
  kind: "table" | "view" | "macro";
  comment: string | null;
  columns: SchemaColumn[];
}

/** `api/snapshot`: asked every few seconds; a live page moves on when it changes. */
export interface SnapshotState {
  snapshot: string;
  published_at: string;
}

/** A feature that a search finds. */
export interface FoundFeature {
  feature_id: number;
  label: string | null;
  preferred_role: string | null;
}

/** `api/search?q=…&sae=…`: at most 20 of each kind. */
export interface SearchResult {
  features: FoundFeature[];
  roles: string[];
}

/** A response that holds the words. */
export interface Hit {
  kind: "hit";
  role: string;
  response_id: number;
  question: string;
  snippet: string;
  at: number;
  length: number;
}

/** How many of the roles are searched. */
export interface SearchProgress {
  kind: "progress";
  done: number;
  of: number;
}

/** The last line of a search. */
export interface SearchEnd {
  kind: "end";
  truncated: boolean;
}

/** The last line of a search that failed. */
export interface SearchError {
  kind: "error";
  error: string;
}

/** A column of a result. */
export interface ResultColumn {
  name: string;
  type: string;
}

/** `POST api/sql` with `{sql}`; `POST api/sql/export?format=csv|parquet` answers up to 1,000,000 rows. */
export interface SqlResult {
  columns: ResultColumn[];
  /** At most 1,000; 64-bit numbers beyond 2^53 and decimals are strings. */
  rows: unknown[][];
  truncated: boolean;
  seconds: number;
  /** Of an answer without rows: which of the tables that were asked have none, and why. */
  note: string | null;
}

/** `data/sql.json` of a static site: its database, which the page asks by itself. */
export interface SiteSql {
  /** Beside this one; its name changes with its content. */
  file: string;
  bytes: number;
  /** Tables, views and macros of the snapshot that are not in it. */
  lacking: string[];
  /** How each macro that is in it is called, by its name. */
  macros: Record<string, string>;
}

export type ResponseHit = Hit | SearchProgress | SearchEnd | SearchError;

export type DriftScore = "projection" | "cosine_axis" | "cosine_anchor";

export type ConfoundVerdict = "LOW" | "MODERATE" | "HIGH";

/** The turn that a change leads to. */
export interface Drop {
  turn: number;
  change: number;
}

/** A run beside conversations in which nobody is asked to play a role: `drift.plain` of the study. */
export interface DriftPlain {
  /** The pattern of their names. */
  names: string;
  /** It is one of them itself, and compared with the others. */
  is_plain: boolean;
  /** Of them with as many turns at least, itself not among these. */
  n: number;
  /**
   * Of the whole run: the share of all, itself too, whose lowest turn is as low, each turn measured against
   * the same turn of all. At least 1 / (n + 1); null where n is 0.
   */
  p: number | null;
}

/** A floor under the assistant axis that the conversation was read or answered under (`persona cap`). */
export interface DriftCap {
  /** The run of the conversation as it is. */
  of: string;
  /** The model read the same text under the cap; or it answered under the cap, and read without. */
  how: "read" | "answered";
  /** The projection of the stream on the axis is held at it, or above; null of several layers' own ones. */
  threshold: number | null;
}

/** A conversation that was followed. */
export interface DriftRunEntry {
  /** The conversation's hash, or another tool's id: stands in paths as it is. */
  run: string;
  /** Untrusted, as all text of conversations. */
  name: string;
  /** Mark it, and show its text only when asked to. */
  sensitive: boolean;
  sae: string;
  /** The SAE of this study that the features are of; null: they are another's, with no page here. */
  own_sae: string | null;
  /** Where the features of another's SAE have pages: `model/source`. */
  neuronpedia: string | null;
  /** That read the conversation. */
  model: string;
  /** The assistant's role. */
  anchor: string;
  /** The one to show first. */
  score: DriftScore;
  /** Assistant messages. */
  n_turns: number;
  /** Up to the end of the last answer, template included. */
  n_tokens: number | null;
  /** Of the answers alone. */
  n_answer_tokens: number;
  /** Of `score`. */
  largest_drop: Drop | null;
  /** Turns whose `score` is below the null band. */
  n_below_band: number | null;
  /** Of the whole run: how often as many plain answers have one as low as its lowest turn. */
  p: number | null;
  /**
   * `p` is the smallest that so many distinct answers of the anchor can show: the lowest turn is below all.
   * Null: it is not, or that is not known.
   */
  least_of: number | null;
  /** Null: the study does not say which conversations are plain, or none so called is measured. */
  plain: DriftPlain | null;
  /** Null: the conversation as it is. */
  cap: DriftCap | null;
  /** The worst confound of `score`. */
  verdict: ConfoundVerdict | null;
  /** The largest |r| behind the verdict, where another tool gives that alone. */
  max_correlation: number | null;
}

/** A run of a folder that cannot be shown, and why. */
export interface Unreadable {
  run: string;
  name: string;
  reason: string;
}

/** The runs by name; empty where there are none. */
export interface DriftRuns {
  runs: DriftRunEntry[];
  /** The one that the makers of another tool's folder want shown first. */
  default_run: string | null;
  unreadable: Unreadable[];
}

/** A message of a conversation. */
export interface DriftMessage {
  role: "system" | "user" | "assistant";
  content: string;
  turn: number | null;
}

/** A score, and the band of 95% of spans of as many tokens from the anchor's own responses. */
export interface DriftValue {
  value: number;
  low: number | null;
  high: number | null;
  /** Share of the anchor's distinct answers that score as low. */
  p: number | null;
  /** At most 5% of plain runs of as many turns have any turn below. */
  run_low: number | null;
}

/** The projection of the same turn in plain conversations that are as long. */
export interface DriftPlainTurn {
  /** To `high` lie 95% of them. */
  low: number;
  high: number;
  /** Share of all, itself too, that score as low. */
  p: number;
}

/** A role, and a turn's cosine with it. */
export interface DriftNearest {
  role: string;
  cosine: number;
}

/** A turn's tokens, by column. */
export interface DriftTokens {
  /** "" where another token has the character they share. */
  piece: string[];
  /** Of the token alone on the axis. */
  projection: number[];
  /** 0 at the turn's 5th percentile, 1 at its 95th, cut off beyond. */
  scaled: number[];
}

/** An answer of the assistant's, from 0. */
export interface DriftTurn {
  turn: number;
  /** Index into `messages`. */
  message: number | null;
  n_tokens: number;
  n_active_features: number | null;
  /** Of the turn's vector before L2 normalization. */
  norm: number | null;
  /** Distinct answers of the anchor that are as long: `p` is 1 / (n_answers + 1) at least. Null: unknown. */
  n_answers: number | null;
  /** Those of other ways are null in folders of other tools. */
  scores: Record<DriftScore, DriftValue | null>;
  /** The projection on the axis over played answers, where the run has one. */
  played: DriftValue | null;
  /** Null: no plain conversation is as long. */
  plain: DriftPlainTurn | null;
  /** The scores of the same turn in the conversation as it is, of a run under a cap. */
  uncapped: Record<DriftScore, number | null> | null;
  /** Five, the nearest first. */
  nearest: DriftNearest[];
  tokens: DriftTokens;
}

/**
 * What moved the projection, by column: contributions of all features sum to its change.
 *
 * delta > 0: activated, else deactivated; contribution < 0: away from the assistant; weight > 0: towards it.
 */
export interface ChangedFeatures {
  feature_id: number[];
  delta: number[];
  weight: number[];
  /** delta * weight. */
  contribution: number[];
  /** |delta| over the sum of all |delta|. */
  share_of_change: number[];
  /** -contribution over away_mass; 0 where it is not away. */
  share_of_away: number[];
}

/** The share of all |contribution| that each ranking shows. */
export interface Covered {
  by_contribution: number | null;
  by_change: number | null;
}

/** From one turn to the next. */
export interface DriftTransition {
  /** Leads from `previous` to `turn`. */
  turn: number;
  previous: number;
  changes: Record<DriftScore, number | null>;
  /** Sum of the positive contributions. */
  toward_mass: number;
  /** Sum of the negative ones, as a positive number. */
  away_mass: number;
  /** That changed. */
  n_features: number | null;
  features: ChangedFeatures;
  /** Rows of `features`, by |contribution|. */
  by_contribution: number[];
  /** Rows of `features`, by |delta|: the largest changes may explain little. */
  by_change: number[];
  covered: Covered;
}

/** A role's share of a feature. */
export interface RoleShare {
  role: string;
  share: number;
}

/** A feature that some transition shows. */
export interface DriftFeature {
  label: string | null;
  /** Its role profile: the three strongest, of its sum over roles. */
  roles: RoleShare[];
  /** Where only a text is known (folders of other tools). */
  profile: string | null;
}

/** How a run was measured; null: another tool does not say. */
export interface DriftSpace {
  /** What is measured: features, or the residual stream that the SAE reads. */
  space: "sae" | "residual";
  pooling: "mean" | "max" | null;
  transform: "log1p" | "raw" | null;
  centred: boolean | null;
  normalized: boolean | null;
  axis: "difference" | "pca" | null;
  /** Of the difference with the first principal component. */
  axis_cosine: number | null;
  /** Roles of the reference. */
  n_roles: number | null;
  /** The roles whose mean the anchor is compared with. */
  compared_with: string[];
  /** Behind each null band. */
  n_draws: number | null;
}

/** The axis once more, from the other roles' answers that play them in a judge's eyes. */
export interface DriftPlayed {
  /** Roles with enough such answers, the anchor among them. */
  n_roles: number;
  /** Of it with the axis over all answers. */
  axis_cosine: number;
  /** As the run's, of the projection on it. */
  p: number | null;
}

/** How far a score goes with what it should not. */
export interface Confound {
  score: DriftScore;
  /** The last two: of another tool. */
  confound: "norm" | "n_active_features" | "n_tokens" | "raw_norm" | "n_nonzero";
  /**
   * Pearson, over turns; null with fewer than 8 turns (other tools give it there, too) or where one of the
   * two never changes.
   */
  r: number | null;
  /**
   * To `high`: the interval of `r`, in which all three of a score lie at once in 95% of runs. Null where
   * there is no verdict.
   */
  low: number | null;
  high: number | null;
  verdict: ConfoundVerdict | null;
}

/** The page of one run. Turns count assistant messages from 0, messages count from 0. */
export interface DriftRun {
  run: string;
  name: string;
  sensitive: boolean;
  sae: string;
  own_sae: string | null;
  neuronpedia: string | null;
  model: string;
  anchor: string;
  score: DriftScore;
  n_turns: number;
  n_tokens: number | null;
  n_answer_tokens: number;
  largest_drop: Drop | null;
  n_below_band: number | null;
  p: number | null;
  least_of: number | null;
  plain: DriftPlain | null;
  cap: DriftCap | null;
  verdict: ConfoundVerdict | null;
  max_correlation: number | null;
  space: DriftSpace;
  /** Null: the study asks no judge, or too few answers play their role. */
  played: DriftPlayed | null;
  messages: DriftMessage[];
  turns: DriftTurn[];
  /** One fewer than turns. */
  transitions: DriftTransition[];
  /** By feature_id. */
  features: Record<string, DriftFeature>;
  confounds: Confound[];
}

/** One of the study's own contrasts; `group` and `against` name what is in them. */
export interface OwnContrast {
  /** Its name in the study's file */
  contrast: string;
  /** What its two groups are of: roles, wordings or questions */
  kind: string;
  /** What is treated as a random sample within the groups: role, wording (of a role) or question; the error is made of how much these differ */
  unit: string;
  /** What the units are compared on and is treated as a random sample, too: question, role or wording; NULL where nothing is shared */
  crossed: string | null;
  /** Units of the group */
  n_group: number;
  /** Units of what it is compared with */
  n_against: number;
  /** Pooled responses of the group */
  n_responses_group: number;
  /** Pooled responses of what it is compared with */
  n_responses_against: number;
  /** Features with q < 0.05 that the group has more of */
  n_more: number;
  /** Features with q < 0.05 that it has less of */
  n_less: number;
  /** Features with q_relevant < 0.05 */
  n_relevant: number;
  /** What cannot be told, and why; NULL where nothing is amiss */
  note: string | null;
  group: string[];
  against: string[];
}

/** What a contrast says of a feature. */
export interface FeatureOfContrast {
  feature_id: number;
  /** Mean of the group's units; units of SAE activation */
  mean_group: number;
  /** Mean of the units of what it is compared with; units of SAE activation */
  mean_against: number;
  /** Share of the group's responses in which the feature fired */
  firing_rate_group: number;
  /** The same of what it is compared with */
  firing_rate_against: number;
  /** mean_group over the sum of both means */
  share: number;
  /** The group's mean less the other's, on the same questions where they share them; of wordings, within each role. Units of SAE activation */
  effect: number;
  /** Lower end of the effect's 95% interval (t, with an error that treats units and what they are compared on as random samples: docs/statistics.md); NULL where contrasts.note says why, or where fewer than 5 firings are expected in a group and fewer than 15 seen */
  effect_low: number | null;
  /** Upper end of the effect's 95% interval */
  effect_high: number | null;
  /** How often a response of the group has more of it than one of the other, ties counting half: exact */
  auroc: number;
  /** Lower end of AUROC's 95% interval, which knows units as the effect's does; NULL where that is */
  auroc_low: number | null;
  /** Upper end of AUROC's 95% interval */
  auroc_high: number | null;
  /** p adjusted for all features of the contrast (Benjamini-Hochberg) */
  q: number | null;
  /** p_relevant adjusted for all features of the contrast */
  q_relevant: number | null;
  /** The least AUROC of one of the group's units against the other */
  min_unit_auroc: number;
  /** How many of the group's units have an AUROC on its side of 1/2 */
  n_units_agree: number;
  /** Share of its tokens on which the feature is active, mean of the group's units; NULL where active tokens are not known, as of imported dense files */
  token_rate_group: number | null;
  /** The same of what it is compared with */
  token_rate_against: number | null;
  /** token_rate_group over token_rate_against, on the same questions where the groups share them; NULL where the latter is 0 */
  rate_ratio: number | null;
  /** Lower end of the ratio's 95% interval (Fieller's), which knows units as the effect's does; NULL where fewer than 5 firings are expected in a group, or the other group's rate might be 0 */
  rate_ratio_low: number | null;
  /** Upper end of the ratio's 95% interval */
  rate_ratio_high: number | null;
  /** rate_p adjusted for all features of the contrast (Benjamini-Hochberg) */
  rate_q: number | null;
  label: string | null;
  distinctness: number | null;
}

/** A finding in the list of them. */
export interface FindingEntry {
  name: string;
  question: string;
  n_rows: number;
  /** ISO 8601, UTC; so are all times here. */
  saved_at: string;
  /** A hash of the files that the snapshot stands on. */
  snapshot: string;
}

/** A file that is no finding. */
export interface UnreadableFinding {
  name: string;
  /** One line. */
  error: string;
}

/** The study's findings by name. */
export interface SavedFindings {
  findings: FindingEntry[];
  unreadable: UnreadableFinding[];
}

/** A response in which a feature of the answer was strongest. */
export interface FindingEvidence {
  sae: string;
  feature_id: number;
  role: string;
  response_id: number;
  max: number;
  question: string | null;
  /** The tokens around its peak. */
  text: string | null;
}

/** A question, its SQL, and the answer as it was saved. */
export interface SavedFinding {
  name: string;
  question: string;
  sql: string;
  model: string;
  /** Where each is from. */
  saes: Record<string, string>;
  saved_at: string;
  made_by: string;
  snapshot: string;
  /** When the snapshot was published. */
  published_at: string;
  columns: string[];
  rows: unknown[][];
  evidence: FindingEvidence[];
  /** One line. */
  citation: string;
}

/** A value that is another today, by the saved row and column. */
export interface MovedCell {
  row: number;
  column: number;
  /** Of the interval that was saved beside it. */
  outside: boolean;
}

/** A finding asked again. */
export interface FindingCheck {
  checked_at: string;
  /** Why it cannot be asked, in one line. */
  error: string | null;
  /** That answered; null: none did. So is `published_at`. */
  snapshot: string | null;
  published_at: string | null;
  same_snapshot: boolean;
  /** What moved, in words; empty: it holds. */
  told: string[];
  /** Each saved row's own of today; null: it is gone. Empty where the columns are others. */
  today: (unknown[] | null)[];
  moved: MovedCell[];
  /** Rows that were not saved. */
  new: unknown[][];
}

/** An intervention, in the answers of one role. */
export interface RecordedIntervention {
  /** Its name in the study. */
  intervention: string;
  role: string;
  operation: string;
  n_targets: number;
  strengths: number[];
  /** New answers under the edits of its targets; 0: only given answers were read. */
  n_answers: number;
}

/** What is edited. */
export interface RecordedTarget {
  /** feature 12, vector of pirate, assistant axis. */
  target: string;
  feature_id: number | null;
  label: string | null;
  n_answers: number;
}

/** What editing a target does by one metric, beside what its controls do. */
export interface RecordedEffect {
  /** Its name in the study */
  intervention: string;
  /** Whose answers they are */
  role: string;
  /** What is edited: feature 12, vector of pirate, assistant axis; of controls which */
  target: string;
  /** add, ablate, cap or floor */
  operation: string;
  /** As the study says it: docs/interventions.md has its units */
  strength: number;
  /** kl, readout or loss, of intervention_readouts; answer_readout, answer_loss, answer_repetition or answer_score, of steered_responses: the answer's less that at strength 0 */
  metric: string;
  /** Its mean over questions: of kl and losses in nats per token, of readouts in ways from the other roles to the role that it is of, of answer_score on the judge's scale */
  effect: number;
  /** Lower end of the effect's 95% interval (t over questions, pair by pair); NULL with one question, and where it is the same to all */
  low: number | null;
  /** Upper end */
  high: number | null;
  /** Pairs of an edited and an unedited reading of the same answer, or of two answers */
  n_questions: number;
  /** What it is compared with: feature, random features as active in the role; direction, random directions */
  against: string;
  /** How many, pooled over the intervention's targets */
  n_controls: number;
  /** The 2.5th percentile of the controls' effects */
  control_low: number;
  /** Their 97.5th percentile */
  control_high: number;
  /** p adjusted over the targets, roles and strengths of the intervention (Benjamini-Hochberg) */
  q: number;
  /** Whether q is at most 0.05 */
  moves: boolean | null;
}

/** A new answer. */
export interface RecordedAnswer {
  response: string;
  /** Of the whole answer: where there are more than `response` has, it is cut. */
  n_characters: number;
  n_tokens: number;
  /** stop or length. */
  finish_reason: string;
  /** Where it lies on the way from the other roles (0) to the role (1), read without an edit. */
  readout: number | null;
  /** Mean over its tokens to the model without an edit, in nats. */
  loss: number | null;
  repetition: number | null;
}

/** An answer under an edit. */
export interface EditedAnswer {
  response: string;
  n_characters: number;
  n_tokens: number;
  finish_reason: string;
  readout: number | null;
  loss: number | null;
  repetition: number | null;
  target: string;
  strength: number;
  /** Added to each token, or the bound; null where it is taken away. */
  level: number | null;
  /** It has the very tokens of the plain one. */
  unchanged: boolean;
}

/** A question, answered plainly and under edits, from one seed. */
export interface RecordedQuestion {
  response_id: number;
  question: string;
  plain: RecordedAnswer;
  /** By target and strength. */
  edited: EditedAnswer[];
}

/** The page of an intervention in the answers of one role. */
export interface Recorded {
  intervention: string;
  role: string;
  operation: string;
  n_targets: number;
  strengths: number[];
  n_answers: number;
  /** Those shown: at most 40 of the `n_targets`, first those whose answers are there, then the surest. */
  targets: RecordedTarget[];
  /** Of the targets that are shown, the strengths of each together. */
  effects: RecordedEffect[];
  /** With at most 200 of the `n_answers`, question by question. */
  questions: RecordedQuestion[];
}

/** What a cap holds in one layer: the projection of its output on an axis, at `threshold` or above it. */
export interface OfferedFloor {
  layer: number;
  threshold: number;
}

/** A cap that the server was started with. */
export interface OfferedCap {
  /** Its file's, without the folder. */
  name: string;
  floors: OfferedFloor[];
}

/** `GET api/steer?sae=…`: whether the server can edit what its model answers, and within which bounds. */
export interface SteerState {
  ready: boolean;
  /** Why not; null: no model is loaded, or nothing is in the way. */
  problem: string | null;
  max_edits: number;
  /** Either way from 0. */
  max_strength: number;
  /** Of an answer. */
  max_tokens: number;
  /** Names of the files, of those that the server was started with, whose axis can be edited here. */
  axis_files: string[];
  cap_files: OfferedCap[];
}

/** An edited feature, as both answers are read without an edit. */
export interface SteeredFeature {
  feature_id: number;
  label: string | null;
  /** In the study; null: it never fired there. */
  strongest: number | null;
  /** Its activation on each token of the plain answer. */
  plain: number[];
  steered: number[];
}

/** Where an answer lies on the drift axis. */
export interface SteeredPlace {
  projection: number;
  /** To `high` lie 95% of spans of as many tokens of the anchor's own answers; null: they are not known. */
  low: number | null;
  high: number | null;
  /** The share of the anchor's answers, this one among them, that lie as low. */
  p: number | null;
  /** The projection of each token alone. */
  tokens: number[];
  /** 0 at the 5th percentile of the tokens of both answers, 1 at their 95th, cut off beyond. */
  scaled: number[];
}

/** One of the two. */
export interface SteeredAnswer {
  text: string;
  /** Its tokens. */
  pieces: string[];
  /** stop or length. */
  finish_reason: string;
  place: SteeredPlace | null;
}

/** An edit as it was made. */
export interface SteeredEdit {
  target: string;
  operation: "add" | "ablate" | "cap" | "floor";
  /** Null of a cap. */
  strength: number | null;
  /** Added to each token, or the bound; null where it is taken away, and of a cap of several layers. */
  level: number | null;
}

/** `POST api/steer` with `{text, system, sae, edits, prompt, seed}`: two answers from one seed. */
export interface Steered {
  sae: string;
  /** Made one after another; caps come last. */
  edits: SteeredEdit[];
  plain: SteeredAnswer;
  steered: SteeredAnswer;
  unchanged: boolean;
  /** Those that were edited. */
  features: SteeredFeature[];
  /** The assistant's role, towards which the axis leads. */
  anchor: string;
  /** Why no answer has a place. */
  why_no_place: string | null;
  seconds: number;
}

/** `GET api/try`: whether the server has the study's model. */
export interface TryState {
  ready: boolean;
}

/** A feature that is among the strongest of any token of the text. */
export interface TriedFeature {
  feature_id: number;
  label: string | null;
  max: number;
  /** Tokens on which it is active. */
  n_active: number;
  /** Where: places among the pieces; `values` has its activation there. */
  tokens: number[];
  values: number[];
  /** On what share of the study's tokens it is active; null: not known. */
  token_rate: number | null;
  /** In the study; null: it never fired there. */
  strongest: number | null;
}

/** One text, and what fires on it: a prompt, or an answer of a conversation. */
export interface TriedText {
  /** Its tokens. */
  pieces: string[];
  /** The strongest first. */
  features: TriedFeature[];
}

/** `POST api/try` with `{text, sae, conversation}`. */
export interface TriedTexts {
  sae: string;
  texts: TriedText[];
  seconds: number;
}
