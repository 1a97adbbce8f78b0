import { fmt, moment } from "../../components/format";
import { Loaded } from "../../components/Loaded";
import { LongText } from "../../components/LongText";
import { Facts, Section } from "../../components/parts";
import { useStudy } from "../../data/StudyContext";
import { useFresh } from "../../data/useFresh";
import type { FindingCheck, FindingEvidence, SavedFinding } from "../../generated/contract";
import { paths } from "../../generated/paths";
import { href } from "../../router/router";
import { Answer, FeatureOf, RoleOf } from "./Answer";
import { Check } from "./Check";
import { Citation } from "./Citation";

/** A finding as it was saved, and what has moved since. */
export function Finding({ name }: { name: string }) {
  const [saved] = useFresh<SavedFinding>(paths.finding(name));
  const [check, again] = useFresh<FindingCheck>(paths.findingCheck(name));
  return (
    <Loaded of={saved} what={`the finding ${name}`}>
      {(finding) => (
        <>
          <Head finding={finding} />
          <Section title="Does it hold?" note="asked again of today’s snapshot, row by row">
            <Check check={check} again={again} />
          </Section>
          <Section title="The answer" note="as it was saved, with its intervals; what has moved since stands beside it">
            <Answer finding={finding} check={check.state === "ready" ? check.data : null} />
          </Section>
          {finding.evidence.length > 0 && <Evidence evidence={finding.evidence} />}
          <Citation text={finding.citation} />
        </>
      )}
    </Loaded>
  );
}

function Head({ finding }: { finding: SavedFinding }) {
  const { live } = useStudy();
  return (
    <Section
      title={
        <span className="finding-question">
          <LongText text={finding.question} limit={400} />
        </span>
      }
      note={finding.name}
    >
      <Facts
        facts={[
          ["saved", moment(finding.saved_at)],
          [
            "snapshot",
            <span className="mono">
              <bdi className="untrusted">{finding.snapshot}</bdi>
            </span>,
            `published ${moment(finding.published_at)}`,
          ],
          ["model", <bdi className="untrusted">{finding.model}</bdi>],
          ["SAE", <bdi className="untrusted">{Object.keys(finding.saes).join(", ")}</bdi>, Object.values(finding.saes).join(", ")],
          ["made by", <bdi className="untrusted">{finding.made_by}</bdi>],
        ]}
      />
      <pre className="finding-sql panel untrusted" dir="auto" tabIndex={0} aria-label="The SQL that was asked">
        {finding.sql}
      </pre>
      {live && <a href={href("sql", null, { q: finding.sql, run: 1 })}>ask it on the page SQL</a>}
    </Section>
  );
}

function Evidence({ evidence }: { evidence: FindingEvidence[] }) {
  return (
    <Section title="Evidence" note="where the first features of the answer were strongest">
      <ul className="finding-evidence">
        {evidence.map((one, at) => (
          <li key={at} className="panel">
            <div className="finding-where">
              feature <FeatureOf value={one.feature_id} sae={one.sae} /> in <RoleOf value={one.role} response={one.response_id} />{" "}
              <span className="muted">max {fmt(one.max)}</span>
            </div>
            {one.question !== null && <LongText text={one.question} limit={300} className="muted" />}
            {one.text !== null && <LongText text={one.text} limit={600} />}
          </li>
        ))}
      </ul>
    </Section>
  );
}
