// Written by `make generated`; change persona_assets/lake/schema instead.

export const FEATURE_ORDERS = ["distinctness", "auroc", "effect", "lift", "score"] as const;

export const SAYS = {
  "features": {
    "alive": "Whether it fired in any response",
    "mean": "Mean of the roles' means; units of SAE activation",
    "sd": "Population standard deviation of the roles' means",
    "preferred_role": "The role with the largest mean",
    "entropy": "Entropy of the roles' shares over log(number of roles): 1 where all are alike, 0 where one has all",
    "firing_rate": "Share of all responses in which the feature fired",
    "length_correlation": "Pearson correlation with the number of pooled tokens, over responses",
    "variance_role": "Share of the variance over responses that roles explain (type I sums of squares: role, question, variant within role)",
    "variance_question": "Share that questions explain beyond roles; NULL where roles share no questions",
    "variance_variant": "Share that variants within roles explain beyond both",
    "variance_residual": "Share that none of the three explains",
    "component_role": "Share of the variance of one answer that is due to its role: a variance component. variance_role, a share of the sums of squares, holds a part of the wordings' too. Below 0 by chance where there is none; NULL where roles share no questions",
    "component_question": "Share due to the question",
    "component_wording": "Share due to the wording within the role",
    "component_role_question": "Share due to what one role does on one question",
    "component_rest": "Share that is none of these",
    "atlas_alive": "Whether the atlas takes it for alive: its column of the role matrix M is not zero",
    "atlas_mu": "Mean of M over roles; M is said in atlas_summary.role_matrix_mode",
    "atlas_sd": "Population standard deviation of M over roles",
    "stability": "Correlation over roles of what two halves of each role's wordings give (strategy max: of the means of their maxima); about 0 where only wordings differ. NULL with one wording",
    "pass": "Alive, with a role_q below 0.05: it may be on the map. As pass_classic where atlas.selection is classic, or roles share no questions",
    "score": "The role's share of the variance of one answer, -1 for those that did not pass; the highest are selected. Likewise classic",
    "role_f": "F of the role over its wordings and role x question, of means in either strategy: docs/statistics.md. NULL where roles share no questions, or nothing is repeated",
    "role_q": "F's p adjusted for all features (Benjamini-Hochberg)",
    "stability_classic": "Cosine over roles of the means of two random halves of each role's responses (strategy max: of the means of their maxima)",
    "pass_classic": "Alive, with an atlas_sd not below the median of the alive: half of any features, of noise too",
    "score_classic": "stability_classic x atlas_sd, -1 for those that did not pass"
  },
  "length_contrasts": {
    "token_rate": "Share of the role's tokens on which the feature is active; NULL where active tokens are not known, as of imported dense files",
    "rate_ratio": "token_rate over the mean of the other roles' token rates; NULL where that is 0",
    "rate_ratio_low": "Lower end of the ratio's 95% interval (Fieller's), which takes wordings and questions for drawn anew; NULL where fewer than 5 firings are expected",
    "rate_ratio_high": "Upper end of the ratio's 95% interval",
    "rate_p": "Two-sided, that the rates are equal; t with the interval's error",
    "rate_q": "rate_p adjusted for all features of the role (Benjamini-Hochberg)",
    "effect_at_length": "role_contrasts.effect less what the role's mean length explains by the slope within roles; units of SAE activation. NULL where roles share no questions, or length_overlap is below 0.2",
    "effect_at_length_low": "Lower end of its 95% interval; NULL where fewer than 5 firings are expected",
    "effect_at_length_high": "Upper end of its 95% interval",
    "length_overlap": "Of the role, how far its answers' lengths are those of the other roles': 1 alike, 0 where the longest of one are shorter than the shortest of the other (1 - Kolmogorov and Smirnov's distance)"
  },
  "played_roles": {
    "n_responses": "Pooled responses of the role",
    "n_rated": "Those that the judge has rated",
    "n_played": "Those that count as played",
    "share": "Of the rated ones, the share rated analysis.min_score at least; NULL where none is rated",
    "share_low": "Lower end of the share's 95% interval, with wordings taken for drawn anew",
    "share_high": "Upper end of the share's 95% interval",
    "takes_part": "Whether there are analysis.min_responses of them, so that the role is in played_features and played_contrasts"
  },
  "role_adherence": {
    "n_responses": "Responses of the role that the judge has a row for",
    "n_unrated": "Those without a rating; they count in no mean",
    "rating": "Mean rating",
    "lowest_variant": "The lowest of the means of the role's variants",
    "highest_variant": "The highest of the means of the role's variants",
    "share_top": "Share of the scores that are the scale's highest",
    "scale_mass": "Mean probability of the scale's tokens",
    "share_by_text": "Of the answers whose probabilities the judge gave, the share rated by its text"
  },
  "role_contrasts": {
    "share": "The role's mean over the sum of all roles' means",
    "effect": "The role's mean less the mean of the middle half of the other roles, on the same questions; units of SAE activation. NULL where roles share no questions. It compares means, AUROC ranks: their signs may differ",
    "effect_low": "Lower end of the effect's 95% interval (t, with an error that takes wordings and questions for drawn anew: docs/statistics.md); NULL with one question, or where fewer than 5 firings are expected and fewer than 15 seen",
    "effect_high": "Upper end of the effect's 95% interval",
    "auroc": "How often a response of the role has more of it than one of the others, ties counting half: exact. Longer answers have more of what fires seldom: see length_contrasts",
    "p": "Two-sided, of no effect: t with the interval's error; where fewer than 5 firings are expected Fisher's exact test on fired or not, and where there is no interval Mann-Whitney's, either with the excess of variance between wordings",
    "q": "p adjusted for all features of the role (Benjamini-Hochberg): below 0.05 at most 5% of such findings in the role are expected to be false; see role_findings",
    "auroc_low": "Lower end of AUROC's 95% interval, which knows wordings as the effect's does; NULL where the effect has none for want of firings",
    "auroc_high": "Upper end of AUROC's 95% interval",
    "min_wording_auroc": "The least AUROC of one of the role's wordings against the other roles",
    "n_wordings_agree": "How many of the role's wordings have an AUROC on the role's side of 1/2",
    "q_pooled": "p adjusted for all pairs of role and feature",
    "p_relevant": "Of a difference of AUROC from 1/2 of analysis.smallest_effect at most, with the error of its interval; NULL where that is",
    "q_relevant": "p_relevant adjusted for all features of the role",
    "role_rank": "The role's place among the roles by its mean: 1 has most; equal ones share the best"
  },
  "role_features": {
    "n_responses": "Pooled responses of the role",
    "n_active_responses": "Pooled responses in which the feature fired on some token",
    "firing_rate": "n_active_responses / n_responses",
    "mean": "Mean over all pooled responses (zeros too) of the mean over tokens; units of SAE activation",
    "max": "The strongest activation on any token; units of SAE activation",
    "sd": "Population standard deviation, over all pooled responses, of the mean over tokens"
  },
  "role_findings": {
    "n_tested": "Features with a p in role_contrasts",
    "simes_p": "Simes' p that no feature sets the role apart: its smallest q",
    "simes_q": "simes_p adjusted for all roles (Benjamini-Hochberg); a role is chosen below 0.05",
    "level": "What q is held against in the role: 0.05 x the share of roles that are chosen; NULL for a role that is not",
    "n_more": "Features with q up to the level of which the role's answers have more",
    "n_less": "Features with q up to the level of which they have less",
    "n_relevant": "Features of both kinds whose q_relevant is up to the level, too: that differ by more than analysis.smallest_effect"
  },
  "sae_fit": {
    "fvu": "Fraction of variance unexplained: the squared error of the reconstruction over the variance of what the SAE reads about its mean token, each summed over all tokens; NULL for a transcoder",
    "l0": "Mean number of active features per token",
    "loss_recovered": "How much of what the model predicts better with the stream than with zeros in its place it still does with the SAE's reconstruction: 1 where the SAE costs nothing, 0 where it is no better than zeros; NULL unless extraction.fit.loss_recovered, and where the stream cannot be replaced",
    "n_tokens": "Tokens that fvu and l0 are of",
    "n_outliers": "Outliers among the sample's tokens, as in pooled",
    "n_responses": "Responses of the sample"
  }
} as const;
