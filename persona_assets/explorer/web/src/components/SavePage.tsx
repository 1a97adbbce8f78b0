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
    const main = await whole();
    if (main !== null) {
      const from = `Saved on ${new Date().toISOString().slice(0, 10)} from the explorer of the study ${study.name}. To cite it:`;
      const head = { title: `${study.name}: ${title}`, from, quoted: [citation(study, sae, title), bibtex(study, sae, title)] };
      const page = await selfContained(main, head, sharedAddress(location));
      const name = `${study.name} ${title}`.toLowerCase().replaceAll(/[^a-z0-9._]+/g, "-");
      saveFile(`${name}.html`, new Blob([page], { type: "text/html" }));
    }
  };
  const onClick = () => {
    say("saving …");
    save().then(
      () => say("saved as a file"),
      (error: unknown) => say(asProblem(error).problem.error),
    );
  };
  return (
    <button className="plain" onClick={onClick} title="The page as one HTML file, without scripts, to send to others">
      {said}
    </button>
  );
}

/** The page, once nothing in it is still being read; null where it was left before. */
async function whole(): Promise<HTMLElement | null> {
  const before = location.hash;
  for (let waits = 0; waits < MOST_WAITS && document.querySelector("#main .spinner") !== null; waits++) {
    await new Promise((wake) => setTimeout(wake, WAIT_MS));
  }
  return location.hash === before ? document.getElementById("main") : null;
}
