import type { ReactNode } from "react";
import { useOneStop } from "./useOneStop";

/** The body of a table whose links are one stop of the tab key. */
export function Rows({ children }: { children: ReactNode }) {
  return <tbody {...useOneStop<HTMLTableSectionElement>()}>{children}</tbody>;
}
