const READABLE = 10; // a cell's least size for a name beside every one
const LETTERS = 15; // of a name

interface NamesProps {
  names: string[];
  cell: number; // pixels
  on: number | null; // the one that is pointed at
}

const short = (name: string) => (name.length > LETTERS ? `${name.slice(0, LETTERS - 1)}…` : name);

/** Which names are written: all where there is room, else that of the cell pointed at. */
function written({ names, cell, on }: NamesProps): [name: string, at: number][] {
  const all = names.map((name, at): [string, number] => [name, at]);
  return cell >= READABLE ? all : all.filter(([, at]) => at === on);
}

export function RowNames({ width, top, ...of }: NamesProps & { width: number; top: number }) {
  const { names, cell, on } = of;
  return (
    <svg className="row-names" style={{ top }} width={width} height={cell * names.length} aria-hidden="true">
      {written(of).map(([name, at]) => (
        <text
          key={name}
          className={at === on ? "row-name on" : "row-name"}
          x={width - 6}
          y={(at + 0.5) * cell}
          dy="0.34em"
          textAnchor="end"
        >
          {short(name)}
        </text>
      ))}
    </svg>
  );
}

/** The names over the columns: upright, so that each has its own column. */
export function ColumnNames({ left, height, ...of }: NamesProps & { left: number; height: number }) {
  const { names, cell, on } = of;
  return (
    <svg className="row-names" style={{ left }} width={Math.max(cell * names.length, 1)} height={height} aria-hidden="true">
      {written(of).map(([name, at]) => (
        <text
          key={name}
          className={at === on ? "row-name on" : "row-name"}
          transform={`translate(${(at + 0.5) * cell},${height - 5}) rotate(-90)`}
          dy="0.34em"
        >
          {short(name)}
        </text>
      ))}
    </svg>
  );
}
