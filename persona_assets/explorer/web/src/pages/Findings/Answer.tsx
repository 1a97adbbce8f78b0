import { useMemo } from "react";
import { short, whole } from "../../components/cells";
import { FeatureLink, RoleLink } from "../../components/links";
import { useStudy } from "../../data/StudyContext";
import type { FindingCheck, SavedFinding } from "../../generated/contract";
import { type ShownColumn, saeOf, shownColumns, valueOf } from "./columns";

const OF_FEATURES = new Set(["feature_id", "neighbor_id"]);
const OF_ROLES = new Set(["role", "role_a", "role_b", "preferred_role"]);

/** The saved rows; beside a number that has moved stands today's, and rows that are new today come last. */
export function Answer({ finding, check }: { finding: SavedFinding; check: FindingCheck | null }) {
  const columns = useMemo(() => shownColumns(finding.columns), [finding.columns]);
  const moved = useMemo(() => new Map((check?.moved ?? []).map((one) => [`${one.row} ${one.column}`, one.outside])), [check]);
  const isGone = (at: number) => check !== null && check.today.length > 0 && check.today[at] === null;
  const cell = (row: unknown[], column: ShownColumn) => <Value columns={finding.columns} row={row} column={column} />;
  return (
    <div className="panel scroll-box">
      <table className="finding-answer" aria-label="The answer that was saved">
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column.at} scope="col">
                <bdi className="untrusted">{column.name}</bdi>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {finding.rows.map((row, at) => (
            <tr key={at} className={isGone(at) ? "gone" : undefined}>
              {columns.map((column, place) => (
                <td key={column.at}>
                  {cell(row, column)}
                  {isMoved(moved, at, column) && (
                    <span className={moved.get(`${at} ${column.at}`) ? "moved outside" : "moved"}>
                      {" "}
                      today {cell(check?.today[at] ?? [], column)}
                      {moved.get(`${at} ${column.at}`) && <span className="chip bad">out of the interval</span>}
                    </span>
                  )}
                  {place === 0 && isGone(at) && <span className="chip warn">gone today</span>}
                </td>
              ))}
            </tr>
          ))}
          {(check?.new ?? []).map((row, at) => (
            <tr key={`new ${at}`} className="new">
              {columns.map((column, place) => (
                <td key={column.at}>
                  {cell(row, column)} {place === 0 && <span className="chip warn">new today</span>}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function isMoved(moved: Map<string, boolean>, row: number, { at, low, high }: ShownColumn): boolean {
  return [at, low, high].some((place) => place !== null && moved.has(`${row} ${place}`));
}

/** A value with its interval in brackets; ids and roles lead to their pages. */
function Value({ columns, row, column }: { columns: string[]; row: unknown[]; column: ShownColumn }) {
  const value = row[column.at];
  if (OF_FEATURES.has(column.name)) return <FeatureOf value={value} sae={valueOf(columns, row, "sae")} />;
  if (OF_ROLES.has(column.name)) return <RoleOf value={value} />;
  return (
    <span className={typeof value === "number" ? "nowrap" : "finding-text"} title={typeof value === "number" ? whole(value) : undefined}>
      {value === null ? <span className="faint">null</span> : <bdi className="untrusted">{brief(value)}</bdi>}
      {column.low !== null && column.high !== null && (row[column.low] ?? row[column.high] ?? null) !== null && (
        <span className="bracket">
          {" "}
          [{brief(row[column.low])}, {brief(row[column.high])}]
        </span>
      )}
    </span>
  );
}

const DIGITS = 4;

function brief(value: unknown): string {
  if (typeof value !== "number" || Number.isInteger(value)) return short(value);
  return String(Number(value.toPrecision(DIGITS))).replaceAll("-", "−");
}

/** A feature's id; a link where it is one: under the SAE that is named, or under the default, as SQL without one is, whichever is shown. */
export function FeatureOf({ value, sae }: { value: unknown; sae: unknown }) {
  const { saes } = useStudy();
  const shown = saeOf(sae, saes);
  const isId = typeof value === "number" && Number.isInteger(value) && value >= 0;
  if (!isId || shown === undefined) return <bdi className="untrusted">{short(value)}</bdi>;
  return <FeatureLink id={value} params={{ sae: shown }} />;
}

/** A role's name; a link where the study has it, to one of its responses if that is named. */
export function RoleOf({ value, response }: { value: unknown; response?: number }) {
  const { roles } = useStudy();
  if (!roles.some((one) => one.role === value)) return <bdi className="untrusted">{short(value)}</bdi>;
  return <RoleLink role={String(value)} params={{ response }} />;
}
