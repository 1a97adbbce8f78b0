import { Empty } from "../../components/Loaded";
import { useSae } from "../../data/StudyContext";
import { Recorded } from "./Recorded";
import "../../components/parts.css";
import "./steer.css";

/** What the model answers with its stream edited: the answers and effects that the study has recorded. */
export default function SteerPage() {
  const sae = useSae();
  if (sae === null) return <Empty title="The study has no SAE yet">What is edited is the stream that an SAE reads.</Empty>;
  return (
    <div className="page steer">
      <h1 className="hidden-label">Steer</h1>
      <Recorded key={sae.sae} sae={sae.sae} />
    </div>
  );
}
