import { moment } from "../../components/format";
import { Empty, Loaded } from "../../components/Loaded";
import { LongText } from "../../components/LongText";
import { Section } from "../../components/parts";
import { Rows } from "../../components/Rows";
import { useStudy } from "../../data/StudyContext";
import { useFresh } from "../../data/useFresh";
import type { FindingEntry, SavedFindings, UnreadableFinding } from "../../generated/contract";
import { paths } from "../../generated/paths";
import { href, useRoute } from "../../router/router";
import { Finding } from "./Finding";
import "./findings.css";

/** The study's saved findings: what was asked and answered, and whether it still holds. */
export default function FindingsPage() {
  const { arg } = useRoute();
  const [found] = useFresh<SavedFindings>(paths.findings());
  return (
    <div className="page findings">
      <h1 className="hidden-label">Saved findings</h1>
      <Loaded of={found} what="the findings" shape="page" missing={<HowToSave />}>
        {({ findings, unreadable }) => {
          if (findings.length === 0 && unreadable.length === 0) return <HowToSave />;
          const chosen = findings.find((one) => one.name === arg) ?? (arg === null ? findings[0] : undefined);
          return (
            <>
              <List findings={findings} chosen={chosen} />
              {unreadable.map((one) => (
                <Unreadable key={one.name} {...one} />
              ))}
              {chosen !== undefined && <Finding key={chosen.name} name={chosen.name} />}
              {chosen === undefined && arg !== null && <Empty title="There is no such finding">Choose one of those above.</Empty>}
            </>
          );
        }}
      </Loaded>
    </div>
  );
}

function HowToSave() {
  const { name } = useStudy();
  return (
    <Empty title="No finding is saved yet">
      Save an answer with what it takes to ask it again:{" "}
      <code>
        persona finding save {name} NAME --question "Which features are the pirate's?" --sql "from top_features('pirate') limit 3"
      </code>
    </Empty>
  );
}

function List({ findings, chosen }: { findings: FindingEntry[]; chosen: FindingEntry | undefined }) {
  return (
    <Section title="Findings" note="answers that were saved with their question, SQL and snapshot">
      <div className="panel scroll-box">
        <table className="finding-list" aria-label="Saved findings">
          <thead>
            <tr>
              <th scope="col">name</th>
              <th scope="col">question</th>
              <th scope="col" className="num">
                rows
              </th>
              <th scope="col">saved</th>
              <th scope="col">snapshot</th>
            </tr>
          </thead>
          <Rows>
            {findings.map((one) => (
              <tr key={one.name} className={one === chosen ? "marked" : undefined}>
                <td>
                  <a href={href("findings", one.name)} aria-current={one === chosen ? "true" : undefined}>
                    {one.name}
                  </a>
                </td>
                <td className="grow">
                  <LongText text={one.question} limit={160} />
                </td>
                <td className="num">{one.n_rows}</td>
                <td className="nowrap">{moment(one.saved_at)}</td>
                <td className="mono">
                  <bdi>{one.snapshot.slice(0, 16)}</bdi>
                </td>
              </tr>
            ))}
          </Rows>
        </table>
      </div>
    </Section>
  );
}

function Unreadable({ name, error }: UnreadableFinding) {
  return (
    <p className="caution" role="note">
      {name} cannot be read: <bdi className="untrusted">{error}</bdi>
    </p>
  );
}
