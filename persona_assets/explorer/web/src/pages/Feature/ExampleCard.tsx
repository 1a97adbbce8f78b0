import { useLayoutEffect, useRef } from "react";
import { lit, Tokens } from "../../charts/Tokens";
import { fmt } from "../../components/format";
import { LongText } from "../../components/LongText";
import { NoSystemPrompt } from "../../components/NoSystemPrompt";
import { ResponseText } from "../../components/ResponseText";
import type { Example } from "../../generated/contract";
import { href } from "../../router/router";

/** One response: what was asked and under which instruction, the tokens around the peak, and the whole text. */
export function ExampleCard({ role, example, max }: { role: string; example: Example; max: number }) {
  return (
    <li className="panel example">
      <div className="example-question">
        <LongText text={example.question} limit={400} />
        <span className="example-numbers">
          max <b>{fmt(example.max)}</b> · mean <b>{fmt(example.mean)}</b> · on <b>{example.n_active ?? "–"}</b>{" "}
          {example.n_active === 1 ? "token" : "tokens"}
        </span>
      </div>
      {example.pieces && example.activations ? (
        <Window pieces={example.pieces} activations={example.activations} start={example.start} max={max} />
      ) : (
        <p className="muted">Its tokens are not kept: evidence holds those of a role’s strongest responses only.</p>
      )}
      <details>
        <summary>whole response, and the system prompt (variant {example.variant})</summary>
        <dl className="example-whole">
          <dt>system</dt>
          <dd>{example.system_prompt === null ? <NoSystemPrompt /> : <LongText text={example.system_prompt} />}</dd>
          <dt>
            <bdi>{role}</bdi>
          </dt>
          <dd>
            <ResponseText text={example.response} parts={example.parts} limit={2000} />
          </dd>
        </dl>
        <a href={href("role", role, { response: example.response_id })}>among the role's responses ({example.response_id})</a>
      </details>
    </li>
  );
}

/** The tokens around the peak, on a few lines: scrolled to where the peak is in the middle. */
function Window(props: { pieces: string[]; activations: number[]; start: number | null; max: number }) {
  const tokens = props.pieces.map((piece, i) => lit(piece, props.activations[i] ?? 0, props.max));
  const start = props.start ?? 0;
  const peak = tokens.findIndex((token) => token.value === Math.max(...props.activations));
  const shown = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const box = shown.current?.querySelector(".tokens");
    const lit = box?.querySelector<HTMLElement>(`[data-at="${peak}"]`);
    if (box && lit)
      box.scrollTop += lit.getBoundingClientRect().top - box.getBoundingClientRect().top - (box.clientHeight - lit.offsetHeight) / 2;
  }, [peak]);
  return (
    <div className="example-window" ref={shown}>
      <Tokens tokens={tokens} palette="heat" cut={start > 0} label={`Tokens ${start} to ${start + tokens.length - 1} of the response`} />
    </div>
  );
}
