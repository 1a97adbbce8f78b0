/** What the help beside each page says: what it shows, how to read it, and its keys. */

import type { Page } from "../router/pages";

export interface HelpText {
  shows: string;
  read: readonly (readonly [term: string, meaning: string])[];
  keys: readonly Keys[];
}

/** Of pages that have one; the help of others tells the keys that all have. */
export type Help = Partial<Record<Page, HelpText>>;

type Keys = readonly [keys: string, does: string];

export const EVERYWHERE: readonly Keys[] = [
  ["/", "search for features, labels and roles"],
  ["?", "open or close this help; so does Escape, where it means nothing else"],
  ["Tab", "to the next list, table or chart, each of which is one stop"],
  ["↑ ↓ ← →", "within it; Home, End and the Page keys go further"],
];

const EFFECT = [
  ["effect", "the role’s mean less the mean of the middle half of the other roles, on the same questions; in the SAE’s units"],
  ["interval", "whiskers and brackets are 95 % intervals over wordings and questions; without one, too few firings are expected"],
  ["AUROC", "how often an answer of the role activates the feature more than one of the others; ½ is chance"],
  ["q", "p adjusted for all features that were asked about; a filled dot is a finding"],
] as const;
const TOKENS = [
  "lit tokens",
  "the more its ground stands out from the page, the stronger the feature is there; a token says its activation when it is pointed at",
] as const;
const LIT: Keys = ["← →", "in a sentence, from one lit token to the next"];
const SORT: Keys = ["Enter", "on a column’s head sorts by it, again the other way round"];
const RUN: Keys = ["Ctrl or ⌘ + Enter", "asks"];

export const STUDY_HELP = {
  axis: {
    shows: "Every role at its place on the line from the other roles to the assistant, and the features that mark the line’s ends.",
    read: [
      ["place", "the role’s projection on the axis; 0 is the mean of all roles"],
      ["whiskers", "95 % interval of the place: roles whose intervals overlap much are not told apart"],
      ["two roles", "chosen by a click; the link below then leads to what tells them apart"],
      ...EFFECT,
      TOKENS,
    ],
    keys: [["Enter", "chooses the role that the focus is on"], LIT],
  },
  map: {
    shows: "The features in which roles differ most, each a dot; dots are near where features are strong in the same roles.",
    read: [
      ["distance", "for finding the way only; the line below the map says how many true neighbors it keeps, and how many chance would"],
      ["neighbors", "of the selected feature: by cosine over roles, in the full space"],
      ["colour", "of the role that has the largest mean, or of its family; families are roles that are alike beyond chance"],
      ["share of a role", "what it has of the feature’s sum over roles; a dot that is pointed at tells the three largest"],
      ["score", "the role’s share of the variance of one answer; features are ranked by it"],
    ],
    keys: [
      ["↑ ↓ ← →", "with the map focused, to the next dot that way"],
      ["+ − 0", "zoom in, out, and show everything"],
      ["Enter", "opens the selected feature"],
      ["Escape", "lets go of the selection, then of the lasso"],
      ["Shift and drag", "gathers features with a lasso"],
    ],
  },
  table: {
    shows: "Every feature that fired in any answer, with its numbers over all roles.",
    read: [
      [
        "histogram",
        "in a column’s head, of all features pale and of those listed dark; a bar’s height is the square root of how many there are",
      ],
      ["+ Range", "filters by a column’s numbers"],
      ["score", "of those features only that may be on the map: the role’s share of the variance of one answer"],
      ["role q", "p of roles that do not differ, adjusted for all features"],
      ["export", "writes what is listed, in its order"],
    ],
    keys: [SORT, ["Enter", "in a row opens the feature"]],
  },
  roles: {
    shows: "How alike the roles are, where they lie on the axes, how well the SAE reads them, and how far each has come.",
    read: [
      ["similarity", "cosine of the roles’ vectors over the map’s features; the ramp says what a colour is"],
      ["chance", "a role’s nearest may be no nearer than the cosine that is named there: then it is like none"],
      ["axes", "each dot a role, the outermost are named; an axis says what share of the variance is beyond chance"],
    ],
    keys: [
      ["↑ ↓ ← →", "move a cross over the similarities"],
      ["Enter", "compares the two roles, or opens the role on the diagonal"],
      ["+ − 0", "zoom in, out, and show all roles"],
      SORT,
    ],
  },
  compare: {
    shows: "Two roles’ features against each other, those that tell them apart first.",
    read: [
      ["dots", "off the diagonal are the features that are listed: ● more in the first role, ■ more in the second"],
      ["difference", "of the two roles’ means on the same questions, with its 95 % interval"],
      ["q", "p adjusted for all features that both roles can be asked about"],
      ["measure", "the mean, the firing rate, or the surest differences; the choice is above"],
    ],
    keys: [["← →", "in the scatter, through the features by difference"], ["Enter", "opens the feature"], SORT],
  },
  drift: {
    shows: "How a conversation moves along the assistant axis, turn by turn, and which features carry it there.",
    read: [
      ["band", "where 95 % of spans of plain answers lie; a turn below it is unlike them, one of forty is by chance"],
      ["colour", "blue leads toward the assistant, orange-red away from it"],
      ["change", "Δ = the feature in this turn’s vector − the same in the turn before"],
      ["contribution", "Δ × the feature’s weight on the axis; over all features they sum to the projection’s change"],
      ["of change", "|Δ| / Σ |Δ| over all features"],
      ["of away", "−contribution / Σ of all that lead away, of those that do"],
      ["confounds", "a score that goes with length or place in the conversation may be no persona"],
    ],
    keys: [
      ["← →", "in the chart, from turn to turn"],
      ["↑ ↓", "in the conversation’s box, scroll; on one of its turns, to the next, and Enter opens it"],
      LIT,
      SORT,
    ],
  },
  findings: {
    shows: "Questions that were saved with their SQL and their answer, and whether the answer still is the same.",
    read: [
      ["today’s answer", "the same SQL, asked of this snapshot"],
      ["as saved", "what it answered then, of the snapshot that is named"],
    ],
    keys: [],
  },
  try: {
    shows: "Which features a text of your own activates, in the model of the study.",
    read: [TOKENS, ["strongest", "features by their largest activation on any token of the text"]],
    keys: [RUN, LIT],
  },
  steer: {
    shows: "What the model answers while features or axes in it are edited, beside its plain answer of the same seed.",
    read: [
      ["effect", "what an edit does to a measure, with its 95 % interval"],
      ["controls", "the same edit of features or directions drawn by chance: an effect counts that lies beyond them"],
      ["files", "axes and caps that the server was started with: persona explore STUDY --model --axis-file FILE --cap-file FILE"],
    ],
    keys: [RUN],
  },
  sql: {
    shows: "Any question to the study, in SQL that only reads; examples and tables stand beside it.",
    read: [
      ["link", "the address holds the query: who opens it sees the answer, too"],
      ["cells", "features, roles, responses and conversations are links"],
      ["NULL", "not known, or not computed: no number stands in its place"],
    ],
    keys: [
      RUN,
      ["Escape, then Tab", "leaves the editor"],
      ["↑ ↓ ← →", "in the answer, from cell to cell"],
      ["Enter", "follows a cell’s link"],
    ],
  },
  feature: {
    shows: "One feature: the sentences in which it fires most, the roles that fire it, and what is known of it.",
    read: [
      TOKENS,
      ...EFFECT,
      ["fires in", "share of all answers in which it is above 0 on any token"],
      ["roles differ: F", "how much roles differ beyond their wordings and questions; q is its p, adjusted for all features"],
      ["from strong to weak", "answers over its whole range: a label that fits the first alone is too narrow"],
      ["variance", "which share roles, questions and wordings have of one answer’s variance"],
    ],
    keys: [LIT, SORT],
  },
  role: {
    shows: "One role: what marks it and what it says there, its place among the roles, its instructions and its answers.",
    read: [
      ...EFFECT,
      ["wordings", "in how many of the role’s instructions the feature lies on the same side"],
      ["◆", "sure to differ by more than the smallest effect of interest"],
      ["nearest role", "by cosine with its interval; “none near” where chance gives as much"],
      TOKENS,
    ],
    keys: [LIT, SORT],
  },
  search: {
    shows: "Features by id and label, roles by name and, where a server answers, words in the answers.",
    read: [["order", "whole words before parts of words"]],
    keys: [],
  },
  contrasts: {
    shows: "The study’s own contrasts: one group of roles, wordings or questions against another, feature by feature.",
    read: [
      ["effect", "the mean of the one group less that of the other, with its 95 % interval"],
      ["unit", "what is treated as a random sample: a role, a wording or a question"],
      ["q", "p adjusted for all features"],
    ],
    keys: [SORT],
  },
} satisfies Help;

/** Pages that are others where a bundle is shown. */
export const BUNDLE_HELP: Help = {
  table: {
    shows: "The features of the bundle, with the numbers that it has.",
    read: STUDY_HELP.table.read.slice(0, 2),
    keys: STUDY_HELP.table.keys,
  },
  roles: {
    shows: "How alike the bundle says that its roles are, and how many of its features prefer each.",
    read: [["similarity", "as the file has it, and in its order"]],
    keys: [
      ["↑ ↓ ← →", "move a cross over the similarities"],
      ["Enter", "opens the role of the row"],
      ["+ − 0", "zoom in, out, and show all roles"],
    ],
  },
  feature: {
    shows: "What the bundle has of one feature: its strongest roles, its metrics and its neighbors.",
    read: [
      ["share", "what the role has of the sum over all roles"],
      ["nearest", "by cosine over roles, in the full space"],
    ],
    keys: [],
  },
  role: {
    shows: "What the bundle has of one role: those that are nearest, and the features that prefer it.",
    read: [["share", "what the role has of a feature’s sum over all roles; the features are sorted by it"]],
    keys: [],
  },
};
