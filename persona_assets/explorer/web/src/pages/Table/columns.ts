import { fixed, fmt, percent, signed } from "../../components/format";
import type { FeatureTable } from "../../contract";

export type Key = keyof FeatureTable;
export type Cell = string | number | boolean | null;

export interface Column {
  key: Key;
  title: string;
  kind: "number" | "text" | "flag";
  width: number; // pixels; the label takes what is left as well
  help: string;
  format?: (value: number | null) => string;
  sql: string; // in the warehouse: f features, l preferred_labels, a atlas
}

const number = (key: Key, title: string, help: string, format: Column["format"], sql = `f.${key}`): Column => ({
  key,
  title,
  kind: "number",
  width: 92,
  help,
  format: format ?? ((value) => fmt(value)),
  sql,
});

/** Every column there is, in the order they are shown. */
export const COLUMNS: Column[] = [
  {
    key: "feature_id",
    title: "Feature",
    kind: "number",
    width: 76,
    help: "The SAE’s latent",
    format: (value) => String(value),
    sql: "f.feature_id",
  },
  { key: "label", title: "Label", kind: "text", width: 230, help: "The preferred description", sql: "l.description" },
  {
    key: "preferred_role",
    title: "Preferred role",
    kind: "text",
    width: 122,
    help: "The role with the highest mean",
    sql: "f.preferred_role",
  },
  number("firing_rate", "Firing rate", "Share of all responses in which it fired", percent),
  number("mean", "Mean", "Mean over roles of the response-level mean", undefined),
  number("sd", "Sd", "Standard deviation of the roles’ means", undefined),
  number("entropy", "Entropy", "Of the roles’ shares: low where few roles hold it", (value) => fixed(value)),
  number("score", "Score", "Of the atlas’ selection", undefined, "case when f.pass then f.score end"),
  number("stability", "Stability", "Agreement of two halves of the questions", (value) => fixed(value)),
  { key: "selected", title: "On map", kind: "flag", width: 70, help: "Selected by the atlas", sql: "a.feature_id is not null" },
  number("variance_role", "Var. role", "Share of its variance that the role explains", percent),
  number("variance_question", "Var. question", "Share of its variance that the question explains", percent),
  number("variance_variant", "Var. variant", "Share of its variance that the instruction’s variant explains", percent),
  number("length_correlation", "Length corr.", "Correlation with the length of the response", (value) => signed(value)),
];

export const FIRST_COLUMNS: Key[] = ["feature_id", "label", "preferred_role", "firing_rate", "mean", "sd", "entropy", "score", "selected"];

export function columnOf(key: string): Column | undefined {
  return COLUMNS.find((column) => column.key === key);
}
