import { createContext, useContext } from "react";
import type { Sae, Study } from "../generated/contract";
import { useRoute } from "../router/router";
import type { SnapshotCache } from "./cache";

export interface StudyState {
  study: Study;
  cache: SnapshotCache; // another object for every snapshot
}

export const StudyContext = createContext<StudyState | null>(null);

export function useStudyState(): StudyState {
  const state = useContext(StudyContext);
  if (state === null) throw new Error("used outside of <StudyProvider>");
  return state;
}

/** The study in force: its roles, SAEs, whether it is `live`. */
export function useStudy(): Study {
  return useStudyState().study;
}

/** The SAE of the address (`?sae=`), else the study's first; null where the study has none. */
export function useSae(): Sae | null {
  const { saes } = useStudy();
  const name = useRoute().params.get("sae");
  return saes.find((one) => one.sae === name) ?? saes[0] ?? null;
}
