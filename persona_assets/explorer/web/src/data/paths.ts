/** The addresses of the resources of the contract. */
export const paths = {
  map: (sae: string) => `data/${sae}/map.json`,
  neighbors: (sae: string) => `data/${sae}/neighbors.json`,
  features: (sae: string) => `data/${sae}/features.json`,
  feature: (sae: string, id: number) => `data/${sae}/feature/${id}.json`,
  featureInRole: (sae: string, id: number, role: string) => `data/${sae}/feature/${id}/${role}.json`,
  histogram: (sae: string, id: number) => `data/${sae}/histogram/${id}.json`,
  role: (sae: string, role: string) => `data/${sae}/role/${role}.json`,
  featuresOfRole: (sae: string, role: string) => `data/${sae}/role/${role}/features.json`,
  responses: (role: string, page: number) => `data/role/${role}/responses/${page}.json`,
  roles: (sae: string) => `data/${sae}/roles.json`,
  examples: () => "data/examples.json",
  schema: () => "data/schema.json",
  driftRuns: () => "data/drift.json",
  driftRun: (run: string) => `data/drift/run/${run}.json`,
};
