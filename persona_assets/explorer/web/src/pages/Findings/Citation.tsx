import { useRef, useState } from "react";
import { Section } from "../../components/parts";

/** The line by which the finding is cited, to be copied. */
export function Citation({ text }: { text: string }) {
  const line = useRef<HTMLParagraphElement>(null);
  const [said, setSaid] = useState("");
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setSaid("copied");
    } catch {
      select(line.current); // where the browser lets no page copy
      setSaid("marked: copy it with your keys");
    }
  };
  return (
    <Section
      title="How to cite it"
      aside={
        <>
          <span role="status" className="muted">
            {said}
          </span>
          <button onClick={() => void copy()}>Copy</button>
        </>
      }
    >
      <p className="finding-citation panel untrusted" dir="auto" ref={line}>
        {text}
      </p>
    </Section>
  );
}

function select(element: Element | null): void {
  if (element !== null) getSelection()?.selectAllChildren(element);
}
