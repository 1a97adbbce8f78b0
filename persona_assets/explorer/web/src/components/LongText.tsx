import { useState } from "react";
import { count } from "./format";
import "./parts.css";

interface LongTextProps {
  text: string;
  limit?: number;
  className?: string;
  same?: number; // of its first characters, which another text has too: they are dimmed
}

/** Text of a model: isolated in direction, broken where it must be, and cut after `limit` characters until asked. */
export function LongText({ text, limit = 700, className = "", same = 0 }: LongTextProps) {
  const [whole, setWhole] = useState(false);
  const long = text.length > limit * 1.25;
  const shown = long && !whole ? `${cutAt(text, limit)}…` : text;
  return (
    <div className={`long-text untrusted ${className}`} dir="auto">
      {same > 0 && <span className="muted">{shown.slice(0, same)}</span>}
      {shown.slice(same)}
      {long && (
        <>
          {" "}
          <button
            className="plain"
            aria-expanded={whole}
            onClick={() => setWhole(!whole)}
            data-saved={whole ? undefined : `(cut: ${count(text.length)} characters)`}
          >
            {whole ? "show less" : `show all ${count(text.length)} characters`}
          </button>
        </>
      )}
    </div>
  );
}

/** Never between the halves of a surrogate pair. */
function cutAt(text: string, limit: number): string {
  const last = text.charCodeAt(limit - 1);
  return text.slice(0, last >= 0xd800 && last < 0xdc00 ? limit - 1 : limit);
}
