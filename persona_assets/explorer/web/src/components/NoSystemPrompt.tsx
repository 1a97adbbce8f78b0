import { useStudy } from "../data/StudyContext";
import { LongText } from "./LongText";

/** Where no system message is sent: what the model's chat template inserts by itself, if it does. */
export function NoSystemPrompt() {
  const { default_system_prompt: inserted } = useStudy();
  if (inserted === null) return <div className="muted">No system message is sent.</div>;
  return (
    <div className="muted as-sent">
      No system message is sent; the model’s chat template inserts its own: <LongText text={inserted} limit={500} />
    </div>
  );
}
