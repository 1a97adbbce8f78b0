import { useEffect, useRef } from "react";
import { count } from "../../components/format";
import { LongText } from "../../components/LongText";
import { ResponseText } from "../../components/ResponseText";
import type { ResponseRow } from "../../generated/contract";

/** One response with its question; the one that a link names is marked and brought into view. */
export function ResponseItem({ row, marked }: { row: ResponseRow; marked: boolean }) {
  const item = useRef<HTMLLIElement>(null);
  useEffect(() => {
    if (marked) item.current?.scrollIntoView({ block: "center" });
  }, [marked]);
  return (
    <li ref={item} className={marked ? "response marked" : "response"} aria-current={marked || undefined}>
      <div className="response-meta">
        <span className="mono">{row.response_id}</span>
        <span>variant {row.variant}</span>
        <span>{count(row.n_response_tokens)} tokens</span>
        {row.finish_reason === "length" && <span className="chip warn">cut off at the length limit</span>}
      </div>
      <div className="response-body">
        <LongText text={row.question} limit={400} className="question" />
        <ResponseText text={row.response} parts={row.parts} limit={700} />
      </div>
    </li>
  );
}
