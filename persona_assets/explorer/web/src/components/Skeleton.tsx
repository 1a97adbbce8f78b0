/** What is being read, drawn as the shape of what will stand in its place. */
import type { ReactNode } from "react";
import "./skeleton.css";

const WIDTHS = ["96%", "88%", "72%", "92%", "60%"];

function times(n: number, make: (at: number) => ReactNode): ReactNode[] {
  return Array.from({ length: n }, (_, at) => make(at));
}

/** A grey bar, as wide and as high as a text or a chart. */
function Bone({ w = "100%", h = 14 }: { w?: string | number; h?: number | string }) {
  return <i className="bone" style={{ width: w, height: h }} />;
}

const Lines = ({ n, h = 14 }: { n: number; h?: number }) => times(n, (at) => <Bone key={at} w={WIDTHS[at % WIDTHS.length]} h={h} />);

const Facts = ({ n }: { n: number }) => (
  <div className="bones-row">
    {times(n, (at) => (
      <Bone key={at} w={90} h={40} />
    ))}
  </div>
);

const Titled = ({ children }: { children: ReactNode }) => (
  <div className="bones-part">
    <Bone w={190} h={18} />
    {children}
  </div>
);

const Table = ({ n }: { n: number }) => (
  <Titled>
    <div className="bones-table">
      {times(n, (at) => (
        <Bone key={at} h={at === 0 ? 16 : 12} />
      ))}
    </div>
  </Titled>
);

const Two = ({ name, left, right }: { name: string; left: ReactNode; right: ReactNode }) => (
  <div className={`bones-two ${name}`}>
    <div>{left}</div>
    <div>{right}</div>
  </div>
);

const Marks = ({ n }: { n: number }) => (
  <div className="bones-marks">
    {times(n, (at) => (
      <div key={at}>
        <Lines n={4} />
      </div>
    ))}
  </div>
);

const map = (
  <>
    <div className="bones-bar">
      <Bone w={520} h={26} />
    </div>
    <div className="bones-legend">
      <Lines n={14} />
    </div>
    <div className="bones-canvas">
      <Bone h="100%" />
    </div>
    <div className="bones-side">
      <Lines n={20} />
    </div>
  </>
);

const grid = (
  <>
    <div className="bones-bar">
      <Bone w={520} h={26} />
    </div>
    <div className="bones-grid">
      <Lines n={24} />
    </div>
  </>
);

const axis = (
  <>
    <Bone w="46ch" h={26} />
    <Lines n={2} />
    <Bone h={300} />
    <Marks n={2} />
    <Marks n={2} />
  </>
);

const feature = (
  <>
    <Bone w={260} h={24} />
    <div className="bones-row bones-apart">
      <Bone w={420} h={22} />
      <Facts n={4} />
    </div>
    <Two
      name="bones-aside"
      left={
        <>
          <Titled>
            <Bone h={96} />
            <Bone h={96} />
          </Titled>
          <Table n={9} />
        </>
      }
      right={
        <>
          <Table n={5} />
          <Facts n={3} />
          <Bone h={190} />
        </>
      }
    />
  </>
);

const role = (
  <>
    <Bone w={220} h={26} />
    <Facts n={6} />
    <Titled>
      <Marks n={3} />
    </Titled>
    <Two
      name="bones-aside"
      left={<Table n={12} />}
      right={
        <Titled>
          <Bone h={70} />
          <Bone h={70} />
          <Bone h={70} />
        </Titled>
      }
    />
  </>
);

const roles = (
  <Two
    name="bones-roles"
    left={
      <Titled>
        <div className="bones-square">
          <Bone h="100%" />
        </div>
      </Titled>
    }
    right={
      <Titled>
        {times(5, (at) => (
          <Bone key={at} h={72} />
        ))}
      </Titled>
    }
  />
);

const compare = (
  <Two
    name="bones-halves"
    left={
      <Titled>
        <Bone h={520} />
      </Titled>
    }
    right={<Table n={18} />}
  />
);

const page = (
  <>
    <Bone w={260} h={24} />
    <Facts n={5} />
    <Table n={10} />
  </>
);

/** Before the study is known: where its name, the pages' names and the source will stand, and a page. */
const study = (
  <>
    <div className="bones-header">
      <Bone w={90} />
      <Bone w={380} />
    </div>
    <div className="bones-of-page bones-part">{page}</div>
  </>
);

const SHAPES = {
  axis,
  chart: <Bone h={170} />,
  compare,
  facts: <Facts n={3} />,
  feature,
  grid,
  lines: <Lines n={3} />,
  map,
  page,
  role,
  roles,
  study,
  table: <Table n={8} />,
};

export type Shape = keyof typeof SHAPES;

/** The shape of what comes; words say it to a screen reader, and to all whom it lasts too long. */
export function Loading({ what, shape = "lines" }: { what: string; shape?: Shape }) {
  return (
    <div className="skeleton">
      <span className="skeleton-said" role="status">
        Reading {what} …
      </span>
      <div className={`bones bones-of-${shape}`} aria-busy="true">
        {SHAPES[shape]}
      </div>
    </div>
  );
}
