import { createContext, type ReactNode, useContext, useMemo } from "react";
import { useSae, useStudy } from "../data/StudyContext";
import { useResource } from "../data/useResource";
import type { LabelWorth } from "../generated/contract";
import { paths } from "../generated/paths";
import { fixed } from "./format";
import "./worth.css";

const Worths = createContext<Map<number, LabelWorth>>(new Map());

/** Reads what the labels of the SAE shown are worth, once for all that show one; nothing where none was scored. */
export function WorthProvider({ children }: { children: ReactNode }) {
  const { has_scored_labels } = useStudy();
  const sae = useSae();
  const found = useResource<LabelWorth[]>(has_scored_labels && sae !== null ? paths.labelWorths(sae.sae) : null);
  const rows = found.state === "ready" ? found.data : null;
  const worths = useMemo(() => new Map(rows?.map((one) => [one.feature_id, one])), [rows]);
  return <Worths value={worths}>{children}</Worths>;
}

/** What the label of a feature is worth, short; nothing where it was never scored. */
export function Worth({ of }: { of: number | undefined }) {
  const worth = useContext(Worths).get(of ?? -1);
  if (worth === undefined) return null;
  return (
    <span className={worth.better ? "worth" : "worth doubtful"} title={worth.worth}>
      {worth.better ? fixed(worth.score) : "not better than chance"}
    </span>
  );
}
