import { describe, expect, test } from "vitest";
import { type BundleFeature, type BundleRole, parseBundle } from "../../src/bundle/parse";
import type { FeatureTable, MapData, Neighbors, RolesOverview } from "../../src/generated/contract";
import { paths } from "../../src/generated/paths";

const SMALL = {
  feature_ids: [7, 9, 4],
  coords: { umap: [[0, 1], [2, 3], "nowhere"], pca: [] },
  roles: ["judge", "pirate"],
  role_similarity: [
    [1, 0.25],
    [0.25, 1],
  ],
  dataset: { name: "small", sae_dim: 64, selection: { alive_count: 5 } },
  features: [
    { description: "ships", preferred_role: "pirate", metrics: { sd: 0.5, cv: "high" }, neuronpedia_url: "https://neuronpedia.org/a" },
    { preferred_role_idx: 0, neuronpedia_url: "https://neuronpedia.org.example/a", top_roles: [{ role: "judge", share: 0.5 }, {}] },
  ],
  neighbors: { k: 2, indices: [[1, 99], [0]], similarities: [[0.75, 0.5]] },
};

const read = <T>(path: string, changes: object = {}): T => parseBundle(JSON.stringify({ ...SMALL, ...changes }), "b.json").read(path) as T;

describe("what is refused", () => {
  const refusal = (json: unknown) => () => parseBundle(typeof json === "string" ? json : JSON.stringify(json), "b.json");

  test("a file that is not JSON is refused by name", () => {
    expect(refusal("{")).toThrow("b.json is not a bundle that can be shown: it is not JSON.");
  });

  test.each([[{}], [[]], [null], [{ ...SMALL, feature_ids: [] }], [{ ...SMALL, feature_ids: [1.5, 2, 3] }]])(
    "%j has no ids of features",
    (json) => expect(refusal(json)).toThrow("`feature_ids`, a list of whole numbers"),
  );

  test.each([[{}], [{ umap: [[0, 1]] }], [{ pca: [0, 0, 0] }], [{ umap: [[1e31, 0], [null, 0], []] }]])(
    "coordinates of %j place no feature",
    (coords) => expect(refusal({ ...SMALL, coords })).toThrow("neither `umap` nor `pca`"),
  );
});

test("the study is described by what the bundle knows", () => {
  const { study } = parseBundle(JSON.stringify(SMALL), "b.json");
  expect(study).toMatchObject({ name: "small", live: false, has_drift: false });
  expect(study.saes).toMatchObject([{ d_sae: 64, n_alive: 5, has_atlas: true }]);
  expect(study.roles.map(({ role }) => role)).toEqual(["judge", "pirate"]);
});

test("a bundle without roles has those that its features prefer", () => {
  const { study } = parseBundle(JSON.stringify({ ...SMALL, roles: [] }), "b.json");
  expect(study.roles.map(({ role }) => role)).toEqual(["pirate"]);
});

test("the map has a column per metric, and null for what is no number", () => {
  const { features, summary } = read<MapData>(paths.map("bundle"));
  expect(features).toMatchObject({ feature_id: [7, 9, 4], preferred_role: [1, 0, -1], umap_x: [0, 2, null], pca_x: [null, null, null] });
  expect(features.sd).toEqual([0.5, null, null]);
  expect(features.cv).toEqual([null, null, null]);
  expect(summary).toMatchObject({ n_roles: 2, alive_count: 5, selected_count: 3 });
});

test("a coordinate too small to be told from zero is zero", () => {
  expect(read<MapData>(paths.map("bundle"), { coords: { umap: [[1e-40, 1], [], []] } }).features.umap_x).toEqual([0, null, null]);
});

test("neighbors outside the bundle are left out", () => {
  expect(read<Neighbors>(paths.neighbors("bundle"))).toEqual({
    k: 2,
    rows: [[1], [0], []],
    similarities: [[0.75, 0.5], [], []],
    stable: [[null], [null], []],
  });
});

test("the table has the preferred role by its name", () => {
  const { preferred_role, label, selected, firing_rate } = read<FeatureTable>(paths.features("bundle"));
  expect(preferred_role).toEqual(["pirate", "judge", null]);
  expect(label).toEqual(["ships", null, null]);
  expect([selected, firing_rate]).toEqual([
    [true, true, true],
    [null, null, null],
  ]);
});

test("similarity of roles is only taken where it is square", () => {
  expect(read<RolesOverview>(paths.roles("bundle")).similarity).toEqual(SMALL.role_similarity);
  expect(read<RolesOverview>(paths.roles("bundle"), { role_similarity: [[1]] }).similarity).toEqual([]);
});

test("a feature has its rank, its roles and its nearest", () => {
  const one = read<BundleFeature>(paths.feature("bundle", 7));
  expect(one).toMatchObject({
    rank: 1,
    label: "ships",
    metrics: [{ name: "sd", value: 0.5 }],
    near: [{ feature_id: 9, similarity: 0.75 }],
  });
  expect(read<BundleFeature>(paths.feature("bundle", 9)).top_roles).toEqual([{ role: "judge", activation: null, share: 0.5 }]);
});

test("only an address of Neuronpedia by https becomes a link", () => {
  expect(read<BundleFeature>(paths.feature("bundle", 7)).url).toBe("https://neuronpedia.org/a");
  expect(read<BundleFeature>(paths.feature("bundle", 9)).url).toBeNull();
  const features = [{ neuronpedia_url: "javascript:alert(1)" }];
  expect(read<BundleFeature>(paths.feature("bundle", 7), { features }).url).toBeNull();
});

test("a role has its nearest without itself, and the features that prefer it", () => {
  expect(read<BundleRole>(paths.role("bundle", "pirate"))).toEqual({
    role: "pirate",
    nearest: [{ role: "judge", similarity: 0.25 }],
    features: [{ feature_id: 7, label: "ships", preferred_role: "pirate", share: null }],
  });
});

test("a role's features are sorted by what it has of them", () => {
  const sized = [0.25, 0.75, null].map((share) => ({ preferred_role: "judge", top_roles: [{ role: "judge", share }] }));
  const { features } = read<BundleRole>(paths.role("bundle", "judge"), { features: sized });
  expect(features.map((one) => [one.feature_id, one.share])).toEqual([
    [9, 0.75],
    [7, 0.25],
    [4, null],
  ]);
});

test("what a bundle does not hold is undefined", () => {
  expect(read(paths.feature("bundle", 1))).toBeUndefined();
  expect(read(paths.examples())).toBeUndefined();
});
