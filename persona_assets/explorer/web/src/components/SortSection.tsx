import type { ReactNode } from "react";
import { useParam } from "../router/router";
import { Section, type SectionProps } from "./parts";
import { SortTable, type SortTableProps } from "./SortTable";

interface SortSectionProps<R> extends SectionProps, Omit<SortTableProps<R>, "sort" | "setSort"> {
  first: string; // the order where the address names none
  param?: string; // of the address
  box?: string; // class of the panel
  empty?: ReactNode; // instead of a table without rows
}

/** A section with a table whose order stands in the address; the children stand below it. */
export function SortSection<R>({ first, param = "sort", box, empty, children, ...props }: SortSectionProps<R>) {
  const [sort, setSort] = useParam(param, first);
  return (
    <Section {...props}>
      <div className={`panel scroll-box ${box ?? ""}`}>
        {empty && props.rows.length === 0 ? empty : <SortTable {...props} sort={sort} setSort={setSort} />}
      </div>
      {children}
    </Section>
  );
}
