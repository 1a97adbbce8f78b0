import { type ReactNode, useMemo } from "react";
import { useParam } from "../router/router";

/** A box for a part of a role's name. */
export function FindRole(props: { word: string; setWord: (word: string) => void; placeholder?: string }) {
  return (
    <input
      type="search"
      placeholder={props.placeholder ?? "find a role"}
      aria-label="Find a role"
      value={props.word}
      onChange={(event) => props.setWord(event.target.value)}
    />
  );
}

export function isFound(role: string, word: string): boolean {
  return role.includes(word.trim().toLowerCase());
}

/** The rows whose role has the word of the address in its name, and the box in which the word is typed. */
export function useFindRole<R extends { role: string }>(rows: R[]): [R[], ReactNode] {
  const [word, setWord] = useParam("find");
  const found = useMemo(() => rows.filter((row) => isFound(row.role, word)), [rows, word]);
  return [found, <FindRole word={word} setWord={setWord} />];
}
