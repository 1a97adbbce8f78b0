import type { RoleEntry, Sae, Study } from "../generated/contract";
import { count, shortly } from "./format";

/** What a page shows is of: model, SAE, where it reads, its width, what it has read, who judges, the day of the snapshot, the version. */
export function sourceOf(study: Study, sae: Sae | null): string[] {
  const { roles, published_at: published, version } = study;
  const read = sae === null ? roles : roles.filter((one) => one.read_by.includes(sae.sae));
  const answers = read.reduce((sum, one) => sum + one.n_responses, 0);
  const of = sae === null ? [] : [sae.model && `model ${shortly(sae.model)}`, `SAE ${nameOf(sae)}`, sae.hook];
  return [
    ...of,
    sae?.d_sae != null ? `${count(sae.d_sae)} features` : "",
    read.length < roles.length
      ? `${count(read.length)} of ${count(roles.length)} roles${earlier(roles, read)}`
      : `${count(roles.length)} roles`,
    answers > 0 ? `${count(answers)} answers` : "",
    published && judgeOf(study),
    published && `snapshot of ${published.slice(0, 10)}`,
    version && `persona-assets ${version}`,
  ].filter((one): one is string => Boolean(one));
}

/** The study's name for the SAE, and what it is: a release's, or the last part of a folder's path, which may say nothing. */
const nameOf = ({ sae, source }: Sae) => (source && source !== sae ? `${sae} (${source})` : sae);

/** Of roles that are not in the snapshot, those of which the lake has files: of other settings, or of another version. */
function earlier(roles: RoleEntry[], read: RoleEntry[]): string {
  const stale = roles.filter((one) => !read.includes(one) && one.status === "stale").length;
  return stale > 0 ? ` (${count(stale)} made under other settings or by an earlier version are left out)` : "";
}

/** Every answer counts; beside them, those that play their role in a judge's eyes may have numbers of their own. */
function judgeOf({ judge, min_score: least }: Study): string {
  return least === null ? "no judge filter" : `played: ${judge} at least ${least}`;
}

/** One line to cite a page by; `title` is the page's. */
export function citation(study: Study, sae: Sae | null, title: string): string {
  return `${[study.name, title].filter(Boolean).join(", ")}: ${sourceOf(study, sae).join(", ")}.`;
}

/** The same for a bibliography. */
export function bibtex(study: Study, sae: Sae | null, title: string): string {
  const year = study.published_at.slice(0, 4);
  return [
    `@misc{${key(study.name)}${year},`,
    `  title = {${braced([study.name, title].filter(Boolean).join(", "))}},`,
    ...(year ? [`  year = {${year}},`] : []),
    `  note = {${braced(sourceOf(study, sae).join(", "))}}`,
    "}",
  ].join("\n");
}

const key = (name: string) => name.replaceAll(/[^A-Za-z0-9]/g, "") || "study";

// What TeX does not take as it is. The thin space is that of `count`.
const ESCAPES: Record<string, string> = {
  "\\": "",
  "{": "",
  "}": "",
  "^": "\\textasciicircum{}",
  "~": "\\textasciitilde{}",
  "\u2009": "\\,",
};

/** Text that TeX takes: none of its marks stands unescaped. */
const braced = (text: string) => text.replaceAll(/[\\{}^~\u2009&%$#_]/g, (mark) => ESCAPES[mark] ?? `\\${mark}`);
