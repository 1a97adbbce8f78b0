import { type ReactNode, useState } from "react";
import { useParam } from "../router/router";
import { Section, type SectionProps } from "./parts";
import { SortTable, type SortTableProps } from "./SortTable";

interface SortSectionProps<R> extends SectionProps, Omit<SortTableProps<R>, "sort" | "setSort" | "all"> {
  first: string; // the order where the address names none
  param?: string; // of the address
  box?: string; // class of the panel
  empty?: ReactNode; // instead of a table without rows
  few?: ReadonlySet<string>; // keys of the columns that a screen has room for; a button shows the others
}

/** A section with a table whose order stands in the address; the children stand below it. */
export function SortSection<R>({ first, param = "sort", box, empty, few, children, aside, columns, ...props }: SortSectionProps<R>) {
  const [sort, setSort] = useParam(param, first);
  const sorted = sort.replace(/^-/, "");
  const [all, setAll] = useState(few !== undefined && sorted !== "" && !few.has(sorted));
  const more = few !== undefined && (
    <button aria-pressed={all} onClick={() => setAll(!all)}>
      all columns
    </button>
  );
  const shown = few === undefined || all ? columns : columns.filter((one) => few.has(one.key));
  return (
    <Section
      {...props}
      aside={
        (aside || more) && (
          <>
            {aside}
            {more}
          </>
        )
      }
    >
      <div className={`panel scroll-box ${box ?? ""}`}>
        {empty && props.rows.length === 0 ? (
          empty
        ) : (
          <SortTable {...props} columns={shown} all={few === undefined || all} sort={sort} setSort={setSort} />
        )}
      </div>
      {children}
    </Section>
  );
}
