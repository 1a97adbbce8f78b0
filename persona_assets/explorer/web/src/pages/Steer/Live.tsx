import { useState } from "react";
import { Answered, NoModel } from "../../components/Asking";
import { Empty, Loaded } from "../../components/Loaded";
import { Section } from "../../components/parts";
import { useFresh } from "../../data/useFresh";
import { usePosted } from "../../data/usePosted";
import type { Steered, SteerState } from "../../generated/contract";
import { useRoute } from "../../router/router";
import { first, isWhole, type Question, sent } from "./edits";
import { Form } from "./Form";
import { Result } from "./Result";

/** A prompt of one's own, answered with the stream edited and as it is, where the server has the model. */
export function Live({ sae }: { sae: string }) {
  const [state] = useFresh<SteerState>(`api/steer?sae=${encodeURIComponent(sae)}`);
  return (
    <Loaded of={state} what="whether a model is there">
      {(known) => {
        if (known.ready) return <Ready sae={sae} state={known} />;
        if (known.problem === null) return <NoModel />;
        return (
          <Empty title="Nothing can be steered here">
            <span className="untrusted">{known.problem}</span>
          </Empty>
        );
      }}
    </Loaded>
  );
}

function Ready({ sae, state }: { sae: string; state: SteerState }) {
  const { params } = useRoute();
  const [question, setQuestion] = useState<Question>(() => first(params));
  const [answer, ask] = usePosted<unknown, Steered>("api/steer");
  const ready = question.text.trim() !== "" && question.edits.every(isWhole) && answer.state !== "running";
  return (
    <Section title="Steer" note={`one answer as the model gives it, one with its stream edited: at most ${state.max_tokens} tokens each`}>
      <Form
        question={question}
        change={(to) => setQuestion({ ...question, ...to })}
        state={state}
        ready={ready}
        send={() => ready && ask(sent(question, sae))} // keys are not disabled, and repeat while they are held
      />
      <Answered of={answer} what="two answers of the model; the first time it is loaded, and the roles are placed">
        {(result, number) => <Result key={number} result={result} />}
      </Answered>
    </Section>
  );
}
