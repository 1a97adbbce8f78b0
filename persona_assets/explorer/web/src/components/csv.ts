type Cell = string | number | boolean | null | undefined;

/**
 * RFC 4180. Text that a spreadsheet would take for a formula is kept from being one by a leading apostrophe.
 * `texts` says which columns hold text below the head; a string of the others, such as an exact -1.5, is as it is.
 */
export function toCsv([head, ...rows]: Cell[][], texts: readonly boolean[] = []): string {
  const lines = [(head ?? []).map((value) => cell(value)), ...rows.map((row) => row.map((value, at) => cell(value, texts[at])))];
  return `${lines.map((line) => line.join(",")).join("\r\n")}\r\n`;
}

function cell(value: Cell, isText = true): string {
  if (value === null || value === undefined) return "";
  if (typeof value !== "string") return String(value);
  const text = isText && /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
