import { useEffect, useRef, useState } from "react";
import { navigate } from "../router/router";
import { bundles } from "./store";
import "./bundle.css";

/** A file dropped anywhere on the page is opened as a bundle. */
export function DropTarget() {
  const [over, setOver] = useState(false);
  useEffect(() => {
    const hasFile = (event: DragEvent) => event.dataTransfer?.types.includes("Files") === true;
    const onOver = (event: DragEvent) => {
      if (!hasFile(event)) return;
      event.preventDefault();
      setOver(true);
    };
    const onLeave = (event: DragEvent) => event.relatedTarget === null && setOver(false);
    const onDrop = (event: DragEvent) => {
      if (!hasFile(event)) return;
      event.preventDefault();
      setOver(false);
      void openAll(event.dataTransfer?.files);
    };
    addEventListener("dragover", onOver);
    addEventListener("dragleave", onLeave);
    addEventListener("drop", onDrop);
    return () => {
      removeEventListener("dragover", onOver);
      removeEventListener("dragleave", onLeave);
      removeEventListener("drop", onDrop);
    };
  }, []);
  return over ? <div className="drop-here">Drop a bundle.json to look at it</div> : null;
}

/** The same by a button, for those who do not drag. */
export function OpenBundle() {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <button
        className="open-bundle"
        onClick={() => input.current?.click()}
        title="Look at a bundle.json of this or another tool; or drop it on the page"
      >
        Open bundle
      </button>
      <input
        ref={input}
        type="file"
        accept=".json,application/json"
        multiple
        aria-label="A bundle.json to open"
        hidden
        onChange={(event) => {
          void openAll(event.target.files);
          event.target.value = "";
        }}
      />
    </>
  );
}

/** The last of the files is shown. Beside a bundle that is shown, the page and what is selected stay: so two are compared. */
async function openAll(files: FileList | null | undefined): Promise<void> {
  const isFirst = bundles.now().opened === null;
  if ((await bundles.openFiles([...(files ?? [])])) && isFirst) navigate("#/map");
}
