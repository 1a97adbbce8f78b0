const SIGNS: Record<string, string> = { "\n": "↵", "\t": "⇥", "\r": "␍" };

/** A token's text with signs for ends of lines and tabs, and for all of it where nothing of it can be seen. */
export function visible(piece: string): string {
  const signed = piece.replaceAll(/[\n\t\r]/g, (mark) => SIGNS[mark]!);
  if (!/^[\p{Z}\p{C}]+$/u.test(signed)) return signed;
  return [...signed].map((one) => (one === " " ? "␣" : `U+${one.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0")}`)).join("");
}
