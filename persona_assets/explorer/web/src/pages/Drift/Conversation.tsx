import { useEffect, useMemo, useRef, useState } from "react";
import { count } from "../../components/format";
import { Section } from "../../components/parts";
import { useOneStop } from "../../components/useOneStop";
import type { DriftRun, DriftScore } from "../../generated/contract";
import { exchangesOf } from "./conversation";
import { ExchangeItem } from "./ExchangeItem";
import { brought, inFrames, revealed, useInView } from "./inView";

interface ConversationProps {
  run: DriftRun;
  score: DriftScore;
  place: number; // of the chosen turn
  led: number; // how often the address, not the reader's hand on the page, has led to it
  pointed: number | null;
  choose: (place: number) => void;
  point: (place: number | null) => void;
  see: (turns: [number, number] | null) => void; // those in view
  showFeatures: (() => void) | null; // of the transition to the chosen turn
}

/** The whole conversation, the chosen turn open: its tokens on the axis, and the roles it is nearest to. */
export function Conversation({ run, score, place, led, pointed, choose, point, see, showFeatures }: ConversationProps) {
  const [shown, show] = useShownText(run);
  const exchanges = useMemo(() => exchangesOf(run), [run]);
  const box = useRef<HTMLElement>(null);
  const list = useOneStop<HTMLOListElement>();
  const texts = useMemo(() => [exchanges, shown], [exchanges, shown]);
  useInView(box, texts, see);
  useEffect(
    () =>
      inFrames(() => {
        revealed(box.current, place);
        if (led > 0) brought(box.current, place);
      }),
    [place, shown, led],
  );
  return (
    <Section title="Conversation" note={`${count(run.n_turns)} answers; a turn opens on its tokens`} className="conversation-section">
      {!shown && (
        <div className="panel turn-hidden">
          <p>This conversation is marked as sensitive: its text is shown only when asked for.</p>
          <button onClick={show}>Show the text</button>
        </div>
      )}
      {/* On the box itself the keys scroll, as in a message that is longer than the box; on a turn they go to the next. */}
      <section className="panel conversation" ref={box} tabIndex={0} aria-label="Text of the conversation">
        <ol aria-label="Conversation" {...list}>
          {exchanges.map((one, at) => (
            <ExchangeItem
              key={at}
              exchange={one}
              run={run}
              score={score}
              shown={shown}
              chosen={one.place === place}
              pointed={one.place !== null && one.place === pointed}
              choose={choose}
              point={point}
              showFeatures={one.place === place ? showFeatures : null}
            />
          ))}
        </ol>
      </section>
    </Section>
  );
}

const opened = new Set<string>(); // sensitive conversations whose text was asked for, until the page is loaded anew

function useShownText(run: DriftRun): [boolean, () => void] {
  const [asked, setAsked] = useState(opened.has(run.run));
  const show = () => {
    opened.add(run.run);
    setAsked(true);
  };
  return [!run.sensitive || asked, show];
}
