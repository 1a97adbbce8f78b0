// Written by `make generated`; change persona_assets/explorer/resources/registry.py instead.

export const paths = {
  study: () => "data/study.json",
  examples: () => "data/examples.json",
  schema: () => "data/schema.json",
  driftRuns: () => "data/drift.json",
  driftRun: (run: string) => `data/drift/run/${run}.json`,
  responses: (role: string, page: number) => `data/role/${role}/responses/${page}.json`,
  map: (sae: string) => `data/${sae}/map.json`,
  neighbors: (sae: string) => `data/${sae}/neighbors.json`,
  features: (sae: string) => `data/${sae}/features.json`,
  roles: (sae: string) => `data/${sae}/roles.json`,
  feature: (sae: string, featureId: number) => `data/${sae}/feature/${featureId}.json`,
  featureInRole: (sae: string, featureId: number, role: string) => `data/${sae}/feature/${featureId}/${role}.json`,
  histogram: (sae: string, featureId: number) => `data/${sae}/histogram/${featureId}.json`,
  lengths: (sae: string, featureId: number) => `data/${sae}/lengths/${featureId}.json`,
  peaks: (sae: string, featureId: number) => `data/${sae}/peaks/${featureId}.json`,
  role: (sae: string, role: string) => `data/${sae}/role/${role}.json`,
  roleInOrder: (sae: string, role: string, order: string) => `data/${sae}/role/${role}/by/${order}.json`,
  featuresOfRole: (sae: string, role: string) => `data/${sae}/role/${role}/features.json`,
  contrasts: (sae: string) => `data/${sae}/contrasts.json`,
  contrast: (sae: string, contrast: string) => `data/${sae}/contrast/${contrast}.json`,
};
