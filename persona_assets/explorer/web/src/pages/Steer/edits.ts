import { fmt } from "../../components/format";
import type { OfferedCap, SteeredEdit } from "../../generated/contract";

export type Operation = SteeredEdit["operation"];
export const OPERATIONS: Record<Operation, string> = {
  add: "add to every token",
  ablate: "take out",
  cap: "keep below",
  floor: "keep above",
};

export type Kind = "feature" | "role" | "axis" | "axis_file" | "cap_file";

/** An edit as it stands in the form; what is not of its kind is kept, and not sent. */
export interface Edit {
  key: number;
  kind: Kind;
  feature: string;
  role: string;
  file: string;
  operation: Operation;
  strength: number;
}

export const STRONGEST = 10; // where the slider ends: the server takes more
export const STEP = 0.25;

/** Whether an edit says what is edited. */
export function isWhole({ kind, feature, role }: Edit): boolean {
  if (kind === "role") return role !== "";
  return kind !== "feature" || /^\d{1,9}$/.test(feature.trim());
}

/** What is asked, as it stands in the form. */
export interface Question {
  text: string;
  system: string;
  edits: Edit[];
  whole: boolean;
  seed: number;
}

export const MAX_SEED = 2 ** 31 - 1;

/** A form with one edit: of what the address names (`?feature=7`, `?role=pirate`), or of the axis, away from the assistant. */
export function first(params: URLSearchParams): Question {
  const [feature, role] = [params.get("feature"), params.get("role")];
  const kind = feature !== null ? "feature" : role !== null ? "role" : "axis";
  const strength = kind === "axis" ? -2 : 2;
  const edit: Edit = { key: 0, kind, feature: feature ?? "", role: role ?? "", file: "", operation: "add", strength };
  return { text: "", system: "", edits: [edit], whole: false, seed: 0 };
}

/** One more edit: at first as the last of these. */
export const another = (edits: Edit[]): Edit => ({ ...edits.at(-1)!, key: 1 + Math.max(...edits.map((one) => one.key)) });

/** The question as the server is asked it. */
export function sent({ text, system, edits, whole, seed }: Question, sae: string) {
  return { text, system: system.trim() === "" ? null : system, sae, edits: edits.map(sentEdit), prompt: whole, seed };
}

function sentEdit({ kind, feature, role, file, operation, strength }: Edit) {
  if (kind === "cap_file") return { cap_file: file };
  const targets = { feature: { feature: Number(feature) }, role: { role }, axis: { axis: true }, axis_file: { axis_file: file } };
  const target = targets[kind];
  return { ...target, operation, strength: operation === "ablate" ? 1 : strength };
}

/** What a cap holds, as docs/interventions.md has it. */
export function holds({ floors }: OfferedCap): string {
  const layers = floors.map(({ layer, threshold }) => `layer ${layer} at ${fmt(threshold)} or above`);
  return `last, in every token, of the prompt too: holds ${layers.join(", ")} along its axis`;
}

type Scaled = Exclude<Kind, "cap_file">;
const OF_AXIS = "the standard deviation of roles along it";
const FROM_MEAN = "standard deviations of roles from their mean";
const UNITS: Record<Scaled, string> = {
  feature: "its own peak",
  role: "the way from the other roles to it",
  axis: OF_AXIS,
  axis_file: OF_AXIS,
};
const BOUNDS: Record<Scaled, string> = {
  feature: "1 is its own peak",
  role: "0 is where the other roles are, 1 where it is",
  axis: FROM_MEAN,
  axis_file: FROM_MEAN,
};

/** What a strength of 1 is, as docs/interventions.md has it. */
export function unit(kind: Scaled, operation: Operation): string {
  if (operation === "ablate") return "all of its amount, on each token";
  return operation === "add" ? `1 is ${UNITS[kind]}` : BOUNDS[kind];
}
