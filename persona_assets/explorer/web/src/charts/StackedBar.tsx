import { percent } from "../components/format";

interface Part {
  name: string;
  share: number;
}

/** Shares of one: patterned as well as coloured, and every one is named with its number below. */
export function StackedBar({ parts, label }: { parts: Part[]; label: string }) {
  const said = parts.map((part) => `${part.name} ${percent(part.share)}`).join(", ");
  return (
    <figure className="stacked" role="img" aria-label={`${label}: ${said}`}>
      <div className="stacked-bar">
        {parts.map((part, i) => (
          <span key={part.name} className={`part part-${i}`} style={{ flexGrow: Math.max(0, part.share) }} />
        ))}
      </div>
      <ul className="stacked-legend">
        {parts.map((part, i) => (
          <li key={part.name}>
            <span className={`part-swatch part-${i}`} />
            {part.name} <b>{percent(part.share)}</b>
          </li>
        ))}
      </ul>
    </figure>
  );
}
