import { visible } from "./visible";
import "./one-token.css";

/** A token that stands apart from its text: its leading space is kept, and what has no form of its own has a sign. */
export function OneToken({ piece, title }: { piece: string; title?: string }) {
  return (
    <bdi className="piece untrusted" title={title}>
      {visible(piece)}
    </bdi>
  );
}
