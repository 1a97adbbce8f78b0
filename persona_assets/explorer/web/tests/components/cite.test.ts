import { expect, test } from "vitest";
import { bibtex, citation, sourceOf } from "../../src/components/cite";
import type { Sae, Study } from "../../src/generated/contract";

const sae: Sae = {
  sae: "l40",
  source: "gemma-scope / layer_40",
  model: "google/gemma-3-27b-it",
  hook: "blocks.40.hook_resid_post",
  d_sae: 65536,
  n_alive: 9,
  has_atlas: true,
};
const of = (role: string, readBy: string[]) => ({ role, n_responses: 1350, read_by: readBy });
const study = {
  name: "my_study",
  published_at: "2026-11-22T12:00:00Z",
  roles: [of("pirate", ["l40"]), of("poet", ["other", "l40"])],
  judge: null,
  min_score: null,
  version: "0.1.0",
} as unknown as Study;

test("a page is cited by model, SAE, hook point, width, roles, answers, day and version", () => {
  expect(citation(study, sae, "Feature 7")).toBe(
    "my_study, Feature 7: model gemma-3-27b-it, SAE l40 (gemma-scope / layer_40), blocks.40.hook_resid_post, 65\u2009536 features, 2 roles, 2\u2009700 answers, no judge filter, snapshot of 2026-11-22, persona-assets 0.1.0.",
  );
});

test("answers that the SAE has not read are not among those that a page is of", () => {
  const half = { ...study, roles: [of("pirate", ["l40"]), of("poet", ["other"])] } as unknown as Study;
  expect(sourceOf(half, sae)).toContain("1 of 2 roles");
  expect(sourceOf(half, sae)).toContain("1\u2009350 answers");
});

test("of a snapshot that lacks roles it says how many are stale", () => {
  const roles = [of("pirate", []), of("poet", []), of("ghost", [])].map((one, at) => ({ ...one, status: at < 2 ? "stale" : "missing" }));
  expect(sourceOf({ ...study, roles } as unknown as Study, sae)).toContain(
    "0 of 3 roles (2 made under other settings or by an earlier version are left out)",
  );
});

test("a page says by which judge answers that play their role are told apart", () => {
  expect(sourceOf({ ...study, judge: "gpt", min_score: 2 }, sae)).toContain("played: gpt at least 2");
});

test("BibTeX has a key of letters, and no mark of a name stands unescaped", () => {
  const entry = bibtex({ ...study, name: "a_b}{&%^~" }, sae, "Role x");
  expect(entry).toContain("@misc{ab2026,");
  expect(entry).toContain("title = {a\\_b\\&\\%\\textasciicircum{}\\textasciitilde{}, Role x}");
  expect(entry).toContain("65\\,536 features");
});

test("what a bundle does not say is left out", () => {
  const roles = study.roles.map((one) => ({ ...one, n_responses: 0 }));
  const bundle = { ...study, published_at: "", version: "", roles } as Study;
  expect(sourceOf(bundle, null)).toEqual(["2 roles"]);
  expect(bibtex(bundle, null, "Map")).not.toContain("year");
});
