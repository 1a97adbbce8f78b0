import { expect, test, vi } from "vitest";

const BUNDLE = (name: string) => JSON.stringify({ feature_ids: [1], coords: { umap: [[0, 0]] }, dataset: { name } });
const file = (study: string) => new File([BUNDLE(study)], "bundle.json");

/** The store of a page at `search`; each address answers when `answers` says so. */
async function storeAt(search = "", answers: Record<string, () => Promise<Response>> = {}) {
  vi.resetModules();
  vi.stubGlobal("document", { baseURI: "https://host/" });
  vi.stubGlobal("location", { search, origin: "https://host" });
  vi.stubGlobal("fetch", (url: URL) => answers[url.pathname]!());
  return import("../../src/bundle/store");
}

test("two files of one name are held beside each other and told apart", async () => {
  const { bundles, titlesOf } = await storeAt();
  await bundles.openFiles([file("plain")]);
  await bundles.openFiles([file("centred"), file("plain")]);
  const { held, opened } = bundles.now();
  expect(titlesOf(held)).toEqual(["bundle.json: plain", "bundle.json: centred", "bundle.json: plain (2)"]);
  expect(opened).toBe(held[2]!.state);
  bundles.show(held[0]!.id);
  expect(bundles.now().opened).toBe(held[0]!.state);
});

test("closing drops the bundle that is shown and shows the next", async () => {
  const { bundles } = await storeAt();
  await bundles.openFiles([file("a"), file("b"), file("c")]);
  bundles.show(bundles.now().held[0]!.id);
  const seen = [0, 1, 2].map(() => {
    bundles.close();
    return bundles.now().opened?.study.name ?? null;
  });
  expect(seen).toEqual(["b", "c", null]);
  expect(bundles.now().held).toEqual([]);
});

test("the last of the address is shown, whichever answers first, and what one refuses stays said", async () => {
  let answer: (response: Response) => void = () => {};
  const late = new Promise<Response>((resolve) => {
    answer = resolve;
  });
  const { bundles } = await storeAt("?bundle=none&bundle=a&bundle=b", {
    "/none": async () => new Response("", { status: 404 }),
    "/a": () => late,
    "/b": async () => new Response(BUNDLE("b")),
  });
  expect(bundles.now()).toMatchObject({ reading: true, opened: null });
  answer(new Response(BUNDLE("a")));
  await vi.waitFor(() => expect(bundles.now().reading).toBe(false));
  expect(bundles.now().held.map(({ name }) => name)).toEqual(["a", "b"]);
  expect(bundles.now().opened?.study.name).toBe("b");
  expect(bundles.now().errors).toEqual(["There is no https://host/none here."]);
});
