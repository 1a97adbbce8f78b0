import { Empty } from "../../components/Loaded";
import { useSae, useStudy } from "../../data/StudyContext";
import { Live } from "./Live";
import { Recorded } from "./Recorded";
import "../../components/parts.css";
import "./steer.css";

/** What the model answers with its stream edited: to a prompt of one's own, and what the study has recorded. */
export default function SteerPage() {
  const { live } = useStudy();
  const sae = useSae();
  if (sae === null) return <Empty title="The study has no SAE yet">What is edited is the stream that an SAE reads.</Empty>;
  return (
    <div className="page steer">
      <h1 className="hidden-label">Steer</h1>
      {live && <Live key={`live ${sae.sae}`} sae={sae.sae} />}
      <Recorded key={sae.sae} sae={sae.sae} />
    </div>
  );
}
