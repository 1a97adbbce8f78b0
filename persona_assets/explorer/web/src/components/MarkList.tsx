import type { ReactNode } from "react";
import { Interval } from "../charts/Interval";
import { extent, linear, type Scale } from "../charts/scale";
import { lit, Tokens } from "../charts/Tokens";
import type { Mark } from "../generated/contract";
import { href } from "../router/router";
import { fmt } from "./format";
import { FeatureLink } from "./links";
import { Section } from "./parts";
import "./mark-list.css";

const BAR = 100; // pixels

interface MarkListProps {
  title: ReactNode;
  note?: ReactNode;
  marks: Mark[];
  abreast?: boolean; // beside one another
}

/** Features that mark an end or a role: each with its label, effect and interval, and one sentence with its tokens lit. */
export function MarkList({ title, note, marks, abreast = false }: MarkListProps) {
  const spans = extent([0, ...marks.flatMap((one) => [one.effect, one.effect_low, one.effect_high])]);
  const scale = linear(spans, [4, BAR - 4]);
  return (
    <Section title={title} note={note} className={abreast ? "mark-list abreast" : "mark-list"}>
      {marks.length === 0 ? (
        <p className="muted">No feature: none has q &lt; 0.05, and no AUROC&apos;s 95% interval lies on this side of 1/2.</p>
      ) : (
        <ol>
          {marks.map((mark) => (
            <OneMark key={mark.feature_id} mark={mark} scale={scale} />
          ))}
        </ol>
      )}
    </Section>
  );
}

function OneMark({ mark, scale }: { mark: Mark; scale: Scale }) {
  const { effect, effect_low: low, effect_high: high } = mark;
  return (
    <li>
      <div className="mark-head">
        <FeatureLink id={mark.feature_id} label={mark.label} />
      </div>
      <Sentence mark={mark} />
      <div className="mark-numbers">
        <Interval scale={scale} value={effect} low={low} high={high} strong={mark.q !== null && mark.q < 0.05} />
        <span>
          effect <b>{fmt(effect)}</b>
          {low !== null && high !== null && ` (${fmt(low)} to ${fmt(high)})`}
        </span>
        <span className="mark-ranks">
          <span title="how often an answer of the one side has more of it than one of the other; 1/2 is chance; the 95% interval is not adjusted for how many features are asked, q is">
            AUROC <b>{fmt(mark.auroc)}</b>
            {mark.auroc_low !== null && mark.auroc_high !== null && ` (${fmt(mark.auroc_low)} to ${fmt(mark.auroc_high)})`}
          </span>
          <span title="adjusted for all features of the role">q {fmt(mark.q)}</span>
        </span>
      </div>
    </li>
  );
}

function Sentence({ mark }: { mark: Mark }) {
  const { pieces, activations, role, response_id: response } = mark;
  if (pieces === null || activations === null || role === null) return <p className="muted">Its tokens are not kept.</p>;
  const max = Math.max(...activations);
  const tokens = pieces.map((piece, i) => lit(piece, activations[i] ?? 0, max));
  return (
    <div className="mark-sentence">
      <Tokens tokens={tokens} palette="heat" label={`A sentence of ${role} in which feature ${mark.feature_id} fires`} />
      <a className="faint" href={href("role", role, { response })}>
        — <bdi>{role}</bdi>
      </a>
    </div>
  );
}
