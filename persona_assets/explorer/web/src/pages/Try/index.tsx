import { useState } from "react";
import { Answered, NoModel } from "../../components/Asking";
import { fixed } from "../../components/format";
import { Empty, Loaded } from "../../components/Loaded";
import { useSae, useStudy } from "../../data/StudyContext";
import { useFresh } from "../../data/useFresh";
import { usePosted } from "../../data/usePosted";
import type { TriedTexts, TryState } from "../../generated/contract";
import "../../components/parts.css";
import "../../charts/charts.css";
import { Text } from "./Text";
import "./try.css";

interface Question {
  text: string;
  sae: string;
  conversation: boolean;
}

export default function TryPage() {
  const { live } = useStudy();
  return (
    <div className="page try">
      <h1 className="hidden-label">Try a text</h1>
      {live ? <Live /> : <NeedsLive />}
    </div>
  );
}

function NeedsLive() {
  const { name } = useStudy();
  return (
    <Empty title="Trying a text needs the live explorer">
      This is a static site: there is no model behind it. Run <code>persona explore {name} --model</code> where the study is.
    </Empty>
  );
}

function Live() {
  const sae = useSae();
  const [state] = useFresh<TryState>("api/try");
  return (
    <Loaded of={state} what="whether a model is there">
      {({ ready }) => {
        if (!ready || sae === null) return <NoModel />;
        return <Form key={sae.sae} sae={sae.sae} />;
      }}
    </Loaded>
  );
}

/** A prompt, or a conversation as JSON; what is written goes to the server of this page alone. */
function Form({ sae }: { sae: string }) {
  const [text, setText] = useState("");
  const [conversation, setConversation] = useState(false);
  const [trial, ask] = usePosted<Question, TriedTexts>("api/try");
  const ready = text.trim() !== "" && trial.state !== "running";
  const send = () => ready && ask({ text, sae, conversation }); // keys are not disabled, and repeat while they are held
  return (
    <>
      <form
        className="ask-form"
        onSubmit={(event) => {
          event.preventDefault();
          send();
        }}
      >
        <label htmlFor="try-text">A text: what does the model see in it?</label>
        <textarea
          id="try-text"
          className="panel"
          dir="auto"
          rows={5}
          value={text}
          onChange={(event) => setText(event.target.value)}
          onKeyDown={(event) => {
            if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) send();
          }}
        />
        <div className="ask-bar">
          <button className="primary" disabled={!ready}>
            Try it
          </button>
          <label>
            <input type="checkbox" checked={conversation} onChange={(event) => setConversation(event.target.checked)} /> a conversation as
            JSON: a list of {"{role, content}"}, of which the answers are read
          </label>
        </div>
      </form>
      <Answered of={trial} what="the text with the model">
        {(result, number) => <Result result={result} number={number} />}
      </Answered>
    </>
  );
}

function Result({ result, number }: { result: TriedTexts; number: number }) {
  return (
    <>
      <p className="footnote" role="status">
        Read in {fixed(result.seconds, 2)} s with {result.sae}, after what the chat template puts before it.
      </p>
      {result.texts.map((one, at) => (
        <Text key={`${number} ${at}`} text={one} number={result.texts.length > 1 ? at + 1 : null} />
      ))}
    </>
  );
}
