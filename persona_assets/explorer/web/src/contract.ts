// What the server answers: both sides have it from persona_assets/explorer/contract.
export type * from "./generated/contract";
