import type { ResponsePart } from "../generated/contract";
import { count } from "./format";
import { LongText } from "./LongText";

const NAMES = { thinking: "thinking", other: "neither thinking nor answer" };

/** A response: of a model that thinks the answer, and its thinking folded. */
export function ResponseText({ text, parts, limit }: { text: string; parts: ResponsePart[]; limit: number }) {
  if (parts.length === 0) return <LongText text={text} limit={limit} />;
  return (
    <>
      {parts.map((part, place) =>
        part.kind === "answer" ? <LongText key={place} text={part.text} limit={limit} /> : <Folded key={place} part={part} limit={limit} />,
      )}
      {!parts.some((part) => part.kind === "answer") && <p className="muted">It ends without an answer.</p>}
    </>
  );
}

function Folded({ part, limit }: { part: ResponsePart; limit: number }) {
  return (
    <details className="thinking">
      <summary>
        {NAMES[part.kind as keyof typeof NAMES]}, {count(part.n_tokens)} tokens
      </summary>
      <LongText text={part.text} limit={limit} className="muted" />
    </details>
  );
}
