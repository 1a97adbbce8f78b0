import { count } from "../../components/format";
import { useStudy } from "../../data/StudyContext";
import { server } from "./asker";
import { Console } from "./Console";
import { SiteConsole } from "./site/SiteConsole";

const SAYS = `Read-only; one statement; the first ${count(1000)} rows are shown, exports hold up to ${count(1_000_000)}.`;

export default function SqlPage() {
  const { live } = useStudy();
  return live ? <Console asker={server} lacking={[]} says={SAYS} /> : <SiteConsole />;
}
