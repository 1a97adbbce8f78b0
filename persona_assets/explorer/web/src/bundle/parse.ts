/**
 * A `bundle.json` as a study of its own: the resources of the contract, made from what the file has.
 * What it lacks is null or empty, and so not shown. All of it is untrusted: nothing is taken for granted but JSON.
 */

import { ProblemError } from "../data/problem";
import { SAYS } from "../generated/columns";
import type { FeatureTable, MapData, Neighbors, RolesOverview, Study } from "../generated/contract";
import { paths } from "../generated/paths";

type Json = Record<string, unknown>;
type Maybe = number | null;

export interface Bundle {
  study: Study;
  read: (path: string) => unknown; // undefined: not in the bundle
}

export interface NamedFeature {
  feature_id: number;
  label: string | null;
  preferred_role: string | null;
}

export interface TopRole {
  role: string;
  activation: Maybe;
  share: Maybe;
}

/** What a bundle has on one feature: less than a study's page. */
export interface BundleFeature extends NamedFeature {
  rank: number;
  url: string | null;
  metrics: { name: string; value: Maybe }[];
  top_roles: TopRole[];
  near: (NamedFeature & { similarity: Maybe })[];
}

export interface BundleRole {
  role: string;
  nearest: { role: string; similarity: number }[];
  features: (NamedFeature & { share: Maybe })[]; // that prefer it, those of which it has most first
}

const SAE = "bundle";
const METRICS = [
  "score",
  "stability",
  "sd",
  "mu",
  "pref_ratio",
  "active_frac",
  "cv",
  "mean_activation",
  "max_activation",
  "bridge_entropy",
] as const;

/** Throws ProblemError, saying what is missing, where `text` is no bundle. */
export function parseBundle(text: string, name: string): Bundle {
  const json = object(parsed(text, name));
  const ids = list(json.feature_ids);
  const coords = object(json.coords);
  if (ids.length === 0 || !ids.every(Number.isInteger)) throw refused(name, "it has no `feature_ids`, a list of whole numbers");
  const layouts = [list(coords.umap), list(coords.pca)];
  if (!layouts.some((places) => places.length === ids.length && places.some(isPlace)))
    throw refused(name, "`coords` has neither `umap` nor `pca` of every feature");
  return new Opened(json, ids as number[], name).bundle();
}

function parsed(text: string, name: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw refused(name, "it is not JSON");
  }
}

function refused(name: string, why: string): ProblemError {
  return new ProblemError({ error: `${name.slice(0, 120)} is not a bundle that can be shown: ${why}.` }, null);
}

class Opened {
  private readonly features: Json[];
  private readonly roles: string[];
  private readonly roleAt: Map<string, number>;

  constructor(
    private readonly json: Json,
    private readonly ids: number[],
    private readonly name: string,
  ) {
    const given = list(json.features).map(object);
    this.features = ids.map((_, row) => given[row] ?? {});
    const named = list(json.roles).filter((role) => typeof role === "string");
    const preferred = this.features.map((one) => string(one.preferred_role)).filter((role) => role !== null);
    this.roles = named.length > 0 ? named : [...new Set(preferred)].sort();
    this.roleAt = new Map(this.roles.map((role, at) => [role, at]));
  }

  bundle(): Bundle {
    const made = new Map<string, () => unknown>([
      [paths.map(SAE), () => this.map()],
      [paths.neighbors(SAE), () => this.neighbors()],
      [paths.features(SAE), () => this.table()],
      [paths.roles(SAE), () => this.overview()],
    ]);
    for (const [row, id] of this.ids.entries()) made.set(paths.feature(SAE, id), () => this.feature(row));
    for (const role of this.roles) made.set(paths.role(SAE, role), () => this.role(role));
    return { study: this.study(), read: (path) => made.get(path)?.() };
  }

  private study(): Study {
    const dataset = object(this.json.dataset);
    const alive = number(object(dataset.selection).alive_count);
    return {
      name: string(dataset.name) ?? this.name,
      snapshot: `bundle ${this.name}`,
      published_at: "",
      live: false,
      saes: [{ sae: SAE, source: "", model: "", hook: null, d_sae: number(dataset.sae_dim), n_alive: alive, has_atlas: true }],
      roles: this.roles.map((role) => ({ role, status: "fresh", n_responses: 0, n_prompts: 0, excluded: false, read_by: [SAE] })),
      anchor: "", // a bundle does not say
      n_responses: 0,
      judge: null,
      min_score: null,
      n_questions: 0,
      has_drift: false,
      has_interventions: false,
      has_scored_labels: false,
      default_system_prompt: null,
      version: "",
    };
  }

  private metric(name: string): Maybe[] {
    return this.features.map((one) => number(object(one.metrics)[name]));
  }

  private get labels(): (string | null)[] {
    return this.features.map((one) => string(one.description));
  }

  private preferred(row: number): number {
    const feature = this.features[row] ?? {};
    const at = number(feature.preferred_role_idx);
    return this.roleAt.get(string(feature.preferred_role) ?? "") ?? (at !== null && at in this.roles ? at : -1);
  }

  private map(): MapData {
    const coords = object(this.json.coords);
    const axis = (layout: string, part: number) => this.ids.map((_, row) => coordinate(list(list(coords[layout])[row])[part]));
    const top = this.features.map((one) => this.topRoles(one).filter(({ role }) => this.roleAt.has(role)));
    const columns = {
      feature_id: this.ids,
      label: this.labels,
      preferred_role: this.ids.map((_, row) => this.preferred(row)),
      top_roles: top.map((one) => one.map(({ role }) => this.roleAt.get(role) as number)),
      top_shares: top.map((one) => one.map(({ share }) => share)),
      umap_x: axis("umap", 0),
      umap_y: axis("umap", 1),
      pca_x: axis("pca", 0),
      pca_y: axis("pca", 1),
      ...Object.fromEntries(METRICS.map((name) => [name, this.metric(name)])),
    };
    const guardrails = object(this.json.guardrails);
    const selection = object(object(this.json.dataset).selection);
    const summary: MapData["summary"] = {
      role_matrix_mode: string(selection.role_matrix_mode) ?? "",
      n_roles: this.roles.length,
      alive_count: number(selection.alive_count) ?? 0,
      pass_count: number(selection.pass_basic_count) ?? 0,
      selected_count: this.ids.length,
      sd_threshold: number(selection.sd_threshold),
      criterion: null, // a bundle does not say
      quality_k: number(guardrails.knn_overlap_at_k) ?? 0,
      preservation: number(guardrails.knn_overlap_score),
      preservation_null: null,
      map_stability: null,
      neighbors_stable: null,
      neighbor_null: null,
      similarity_null: null,
      axes_unit: null,
      pca_x_explained: null,
      pca_y_explained: null,
      note: string(guardrails.note) ?? "",
    };
    return { roles: this.roles, families: [], features: columns as unknown as MapData["features"], summary };
  }

  private neighbors(): Neighbors {
    const given = object(this.json.neighbors);
    const known = (row: unknown) => typeof row === "number" && row in this.ids;
    const rows = this.ids.map((_, at) => list(list(given.indices)[at]).filter(known) as number[]);
    const similarities = this.ids.map((_, at) => list(list(given.similarities)[at]).map((one) => number(one) ?? NaN));
    return { k: number(given.k) ?? 0, rows, similarities, stable: rows.map((near) => near.map(() => null)) };
  }

  private table(): FeatureTable {
    const unknown = this.ids.map(() => null); // all that a bundle does not say
    return {
      ...(Object.fromEntries(Object.keys(SAYS.features).map((column) => [column, unknown])) as unknown as FeatureTable),
      feature_id: this.ids,
      label: this.labels,
      preferred_role: this.ids.map((_, row) => this.roles[this.preferred(row)] ?? null),
      mean: this.metric("mean_activation"),
      sd: this.metric("sd"),
      score: this.metric("score"),
      stability: this.metric("stability"),
      selected: this.ids.map(() => true),
    };
  }

  private overview(): RolesOverview {
    const given = list(this.json.role_similarity);
    const square = given.length === this.roles.length ? this.roles.map((_, a) => this.roles.map((_, b) => number(list(given[a])[b]))) : [];
    const unknown = { similarity_low: [], similarity_high: [], similarity_null: null };
    return { order: this.roles, similarity: square, ...unknown, families: [], axes: [], adherence: [], findings: [], fits: [] };
  }

  private feature(row: number): BundleFeature {
    const { rows, similarities } = this.neighbors();
    const feature = this.features[row] ?? {};
    return {
      ...this.named(row),
      rank: row + 1,
      url: neuronpedia(string(feature.neuronpedia_url)),
      metrics: METRICS.map((name) => ({ name, value: number(object(feature.metrics)[name]) })).filter(({ value }) => value !== null),
      top_roles: this.topRoles(feature),
      near: (rows[row] ?? []).map((other, at) => ({ ...this.named(other), similarity: similarities[row]?.[at] ?? null })),
    };
  }

  private topRoles(feature: Json): TopRole[] {
    return list(feature.top_roles)
      .map(object)
      .flatMap((one) => {
        const role = string(one.role);
        return role === null ? [] : [{ role, activation: number(one.activation), share: number(one.share) }];
      });
  }

  private named(row: number): NamedFeature {
    return {
      feature_id: this.ids[row] as number,
      label: this.labels[row] ?? null,
      preferred_role: this.roles[this.preferred(row)] ?? null,
    };
  }

  private role(role: string): BundleRole {
    const line = this.overview().similarity[this.roleAt.get(role) ?? -1] ?? [];
    const nearest = this.roles
      .map((other, at) => ({ role: other, similarity: line[at] ?? null }))
      .filter((one): one is { role: string; similarity: number } => one.role !== role && one.similarity !== null)
      .sort((a, b) => b.similarity - a.similarity);
    const shareOf = (feature: Json) => this.topRoles(feature).find((one) => one.role === role)?.share ?? null;
    const features = this.features
      .map((feature, row) => ({ ...this.named(row), share: shareOf(feature) }))
      .filter((one) => one.preferred_role === role)
      .sort((a, b) => (b.share ?? -1) - (a.share ?? -1));
    return { role, nearest, features };
  }
}

/** Only a page of Neuronpedia, by https: a bundle may hold any address. */
function neuronpedia(text: string | null): string | null {
  try {
    const url = new URL(text ?? "");
    return url.protocol === "https:" && /^(www\.)?neuronpedia\.org$/.test(url.hostname) ? url.href : null;
  } catch {
    return null;
  }
}

function object(value: unknown): Json {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : {};
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function number(value: unknown): Maybe {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

/** A number that can be drawn: the span between two of them is one, too. */
function coordinate(value: unknown): Maybe {
  const known = number(value);
  if (known === null || Math.abs(known) > 1e30) return null;
  return Math.abs(known) < 1e-30 ? 0 : known;
}

function isPlace(value: unknown): boolean {
  const [x, y] = list(value);
  return coordinate(x) !== null && coordinate(y) !== null;
}

function string(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}
