import { LongText } from "../../components/LongText";
import { NoSystemPrompt } from "../../components/NoSystemPrompt";
import { Section } from "../../components/parts";
import type { RolePage } from "../../generated/contract";

/** What the model was told, by variant; the prompt is repeated only where it differs from the instruction. */
export function Instructions({ role }: { role: RolePage }) {
  return (
    <Section title="Instructions" note="one system prompt per variant">
      <ol className="panel instructions">
        {role.instructions.map(({ variant, instruction, system_prompt: prompt }) => (
          <li key={variant}>
            <span className="faint num">{variant}</span>
            <div>
              {instruction === "" ? <span className="muted">empty</span> : <LongText text={instruction} limit={500} />}
              {prompt === null && <NoSystemPrompt />}
              {prompt !== null && prompt !== instruction && (
                <div className="muted as-sent">
                  as sent: <LongText text={prompt} limit={500} />
                </div>
              )}
            </div>
          </li>
        ))}
      </ol>
    </Section>
  );
}
