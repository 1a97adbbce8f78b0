interface ChoicesProps<T extends string> {
  label: string; // what a screen reader calls them
  of: Record<T, string>; // what each is called
  chosen: string;
  choose: (one: T) => void;
}

/** One of a few, as buttons that hang together. */
export function Choices<T extends string>({ label, of, chosen, choose }: ChoicesProps<T>) {
  return (
    <span className="choices" role="group" aria-label={label}>
      {(Object.entries(of) as [T, string][]).map(([one, name]) => (
        <button key={one} aria-pressed={one === chosen} onClick={() => choose(one)}>
          {name}
        </button>
      ))}
    </span>
  );
}
