import { useState } from "react";
import { saveFile } from "../data/http";
import { asProblem } from "../data/problem";
import { useSae, useStudy } from "../data/StudyContext";
import { bibtex, citation } from "./cite";
import { selfContained, sharedAddress } from "./selfContained";

const WAIT_MS = 200;
const MOST_WAITS = 100;

/** A button that saves the page as one HTML file, to send to a colleague; `title` names what it is of, as "Role pirate". */
export function SavePage({ title }: { title: string }) {
  const study = useStudy();
  const sae = useSae();
  const [said, say] = useState("save as a file");
  const save = async () => {
    const before = location.hash;
    const missing = await stillRead();
    if (location.hash !== before) return "not saved: the page has changed";
    if (missing.length > 0) return `not saved, after ${(WAIT_MS * MOST_WAITS) / 1000} s still “${missing.join("”, “")}”`;
    const from = `Saved on ${new Date().toISOString().slice(0, 10)} from the explorer of the study ${study.name}. To cite it:`;
    const head = { title: `${study.name}: ${title}`, from, quoted: [citation(study, sae, title), bibtex(study, sae, title)] };
    const page = await selfContained(document.getElementById("main")!, head, sharedAddress(location));
    const name = `${study.name} ${title}`.toLowerCase().replaceAll(/[^a-z0-9._]+/g, "-");
    saveFile(`${name}.html`, new Blob([page], { type: "text/html" }));
    return "saved as a file";
  };
  const onClick = () => {
    say("saving …");
    save().then(say, (error: unknown) => say(`not saved: ${asProblem(error).problem.error}`));
  };
  return (
    <button className="plain" onClick={onClick} title="The page as one HTML file, without scripts, to send to others">
      {said}
    </button>
  );
}

/** What of the page is still being read after some seconds, as it says itself; nothing as soon as all is there. */
async function stillRead(): Promise<string[]> {
  for (let waits = 0; ; waits++) {
    const said = [...document.querySelectorAll("#main .skeleton-said")];
    if (said.length === 0 || waits === MOST_WAITS) return said.map((one) => one.textContent);
    await new Promise((wake) => setTimeout(wake, WAIT_MS));
  }
}
