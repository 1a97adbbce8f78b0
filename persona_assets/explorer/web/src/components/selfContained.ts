/** A page as one file: what is shown, with its style sheets, and nothing that runs or is fetched. */
import { request } from "../data/http";

// Of the file itself: it asks nobody for anything.
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";
// The shell fills the window and lets its parts scroll; a file scrolls as a whole.
const SHEET = `
html, body { height: auto }
.characteristic-section { height: auto; min-height: 0 }
.feature-first > .section:last-child { flex: none; contain: none }
.scroll-box { overflow: visible; max-height: none }
.saved { max-width: 1400px; margin: 0 auto; padding: 0 20px 24px }
.saved pre { white-space: pre-wrap }
.feature .example-window .tokens { max-height: none }
`;
const FIELDS = "select, input, textarea";
const CONTROLS = `button, label, ${FIELDS}`;

export interface SavedHead {
  title: string;
  from: string; // who wrote the file, and when
  quoted: string[]; // how to cite it
}

/** Return `main` as a document of its own. Its links lead to `address`, or nowhere where that is null: nobody else can reach it. */
export async function selfContained(main: HTMLElement, head: SavedHead, address: string | null): Promise<string> {
  const css = `${await sheets()}\n${SHEET}`;
  const file = document.implementation.createHTMLDocument(head.title);
  file.documentElement.lang = "en";
  const meta = (attributes: Record<string, string>) => file.head.append(made(file, "meta", attributes));
  meta({ "http-equiv": "Content-Security-Policy", content: POLICY });
  meta({ name: "viewport", content: "width=device-width, initial-scale=1" });
  const body = made(file, "main", {});
  for (const part of main.childNodes) body.append(file.importNode(part, true));
  const fields = body.querySelectorAll(FIELDS);
  main.querySelectorAll(FIELDS).forEach((field, at) => {
    fields[at]?.setAttribute("data-saved", chosenIn(field)); // a copy has lost it
  });
  still(body);
  relink(body, address);
  const footer = made(file, "footer", { class: "saved" });
  footer.append(made(file, "p", { class: "muted" }, head.from), ...head.quoted.map((text) => made(file, "pre", {}, text)));
  file.body.append(body, footer);
  // As text: the policy of the page that is saved speaks against a style sheet in a document that is made here.
  const style = `<style>${css.replaceAll("</", "<\\/")}</style></head>`;
  return `<!doctype html>\n<meta charset="utf-8">\n${file.documentElement.outerHTML.replace("</head>", () => style)}`;
}

function made(file: Document, name: string, attributes: Record<string, string>, text = ""): HTMLElement {
  const element = file.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.textContent = text;
  return element;
}

/** The style sheets in force, as they were written: what a browser makes of `font` with variables in it is no CSS. */
async function sheets(): Promise<string> {
  const addresses = [...document.styleSheets].flatMap(({ href }) => href ?? []);
  const texts = await Promise.all(addresses.map(async (one) => (await request(one)).text()));
  return texts.join("\n");
}

/** What a field says: the choice that is made, what is typed, whether it is ticked; nothing where that is nothing. */
function chosenIn(field: Element): string {
  if (field instanceof HTMLSelectElement) return field.value === "" ? "" : Array.from(field.selectedOptions, (one) => one.text).join(", ");
  if (field instanceof HTMLInputElement && field.type === "checkbox") return field.checked ? "☑" : "☐";
  if (field instanceof HTMLInputElement && field.type === "radio") return field.checked ? "◉" : "";
  return (field as HTMLInputElement | HTMLTextAreaElement).value;
}

/**
 * Take out what a file cannot do: heads that sort keep their words, of choices stays the one that is made, and
 * `data-saved` is what stands in a control's place; a field that says something keeps its label. The tab key reaches every token: no script leads from one to the next.
 */
function still(body: HTMLElement): void {
  for (const control of body.querySelectorAll(CONTROLS)) {
    const isHead = control.closest("th") !== null;
    const isChosen = control.getAttribute("aria-pressed") === "true";
    const words = body.ownerDocument.createElement("span");
    const keepsWords = isHead || isChosen || (control.matches("label") && labels(control));
    words.append(...(keepsWords ? control.childNodes : [nameOf(control), control.getAttribute("data-saved") ?? ""]));
    if (isChosen) words.className = "chip";
    control.replaceWith(words);
  }
  for (const stop of body.querySelectorAll("[tabindex]")) {
    if (stop.matches(".token")) stop.setAttribute("tabindex", "0");
    else stop.removeAttribute("tabindex");
  }
}

/** Whether what a label is of says something. */
function labels(label: Element): boolean {
  return [...label.querySelectorAll(FIELDS)].some((field) => field.getAttribute("data-saved") !== "");
}

/** The name that a field without a label has for a screen reader, before what it says. */
function nameOf(control: Element): string {
  const name = control.getAttribute("aria-label");
  return name === null || !control.matches(FIELDS) || !control.getAttribute("data-saved") ? "" : `${name}: `;
}

/** `data-here` marks what is nothing but a way to another page. */
function relink(body: HTMLElement, address: string | null): void {
  if (address === null) for (const way of body.querySelectorAll("[data-here]")) way.remove();
  for (const link of body.querySelectorAll("a")) {
    const to = relinked(link.getAttribute("href") ?? "", address);
    if (to !== null) link.setAttribute("href", to);
    else {
      link.removeAttribute("href");
      link.removeAttribute("aria-label"); // of what is no link any more
    }
  }
}

/** Where a link of these pages leads to from a file; null: nowhere. */
export function relinked(to: string, address: string | null): string | null {
  if (!to.startsWith("#")) return to;
  return address === null ? null : address + to;
}

/** The address that others can open these pages at, without what stands behind it; null: only this machine has it. */
export function sharedAddress({ protocol, hostname, origin, pathname }: Location): string | null {
  const isOwn = /^(localhost|127\..*|\[::1\])$/.test(hostname);
  return protocol.startsWith("http") && !isOwn ? origin + pathname : null;
}
