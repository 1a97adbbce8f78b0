import { fixed, fmt, percent, signed } from "../../components/format";
import { SAYS } from "../../generated/columns";
import type { FeatureTable } from "../../generated/contract";

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

const number = (key: keyof typeof SAYS.features & Key, title: string, format: Column["format"] = (value) => fmt(value)): Column => ({
  key,
  title,
  kind: "number",
  width: 92,
  help: SAYS.features[key],
  format,
  sql: `f.${key}`,
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
    help: SAYS.features.preferred_role,
    sql: "f.preferred_role",
  },
  number("firing_rate", "Firing rate", percent),
  number("mean", "Mean"),
  number("sd", "Sd"),
  number("entropy", "Entropy", (value) => fixed(value)),
  { ...number("score", "Score"), help: "Of the atlas’ selection", sql: "case when f.pass then f.score end" },
  number("stability", "Stability", (value) => fixed(value)),
  number("role_q", "Role q"),
  { key: "selected", title: "On map", kind: "flag", width: 70, help: "Selected by the atlas", sql: "a.feature_id is not null" },
  number("variance_role", "Var. role", percent),
  number("variance_question", "Var. question", percent),
  number("variance_variant", "Var. variant", percent),
  number("length_correlation", "Length corr.", (value) => signed(value)),
];

export const FIRST_COLUMNS: Key[] = ["feature_id", "label", "preferred_role", "firing_rate", "mean", "sd", "entropy", "score", "selected"];

export function columnOf(key: string): Column | undefined {
  return COLUMNS.find((column) => column.key === key);
}
