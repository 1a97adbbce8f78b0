/** On which side of the null band a turn lies, as a mark. */
export function Side({ side }: { side: "below" | "above" | null }) {
  if (side === null) return null;
  return (
    <span className={`side ${side}`} title={`${side} the null band`}>
      {side === "below" ? "▼" : "▲"}
      <span className="hidden-label">{side} the band</span>
    </span>
  );
}
