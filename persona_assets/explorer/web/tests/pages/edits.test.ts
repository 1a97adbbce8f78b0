import { expect, test } from "vitest";
import { another, first, holds, isWhole, sent, unit } from "../../src/pages/Steer/edits";

test("the form begins with what the address names, and else with the axis", () => {
  const of = (query: string) => first(new URLSearchParams(query)).edits;
  expect(of("")).toMatchObject([{ kind: "axis", strength: -2 }]);
  expect(of("feature=7")).toMatchObject([{ kind: "feature", feature: "7", strength: 2 }]);
  expect(of("role=pirate")).toMatchObject([{ kind: "role", role: "pirate" }]);
});

test("an edit that names nothing is not whole", () => {
  const [edit] = first(new URLSearchParams("feature=")).edits;
  expect(["", "x", "-1", "1.5", " 7 "].map((feature) => isWhole({ ...edit!, feature }))).toEqual([false, false, false, false, true]);
  expect([isWhole({ ...edit!, kind: "role" }), isWhole({ ...edit!, kind: "axis" })]).toEqual([false, true]);
});

test("only what is of an edit's kind is sent, and another one is as the last", () => {
  const question = first(new URLSearchParams("feature=7"));
  const edits = [...question.edits, { ...another(question.edits), kind: "role" as const, role: "pirate", operation: "ablate" as const }];
  expect(sent({ ...question, text: "Hello", edits }, "demo")).toEqual({
    text: "Hello",
    system: null,
    sae: "demo",
    edits: [
      { feature: 7, operation: "add", strength: 2 },
      { role: "pirate", operation: "ablate", strength: 1 },
    ],
    prompt: false,
    seed: 0,
  });
  expect(edits.map((one) => one.key)).toEqual([0, 1]);
  expect(unit("feature", "add")).toBe("1 is its own peak");
});

test("of files their names are sent, and of a cap nothing besides", () => {
  const question = first(new URLSearchParams());
  const of = { ...question.edits[0]!, file: "a.pt" };
  const edits = [
    { ...of, kind: "axis_file" as const },
    { ...of, kind: "cap_file" as const, file: "b.safetensors" },
  ];
  expect(edits.every(isWhole)).toBe(true);
  expect(sent({ ...question, edits }, "demo").edits).toEqual([
    { axis_file: "a.pt", operation: "add", strength: -2 },
    { cap_file: "b.safetensors" },
  ]);
  const floors = [
    { layer: 1, threshold: 2 },
    { layer: 3, threshold: 15.163 },
  ];
  expect(holds({ name: "b.safetensors", floors })).toContain("holds layer 1 at 2.00 or above, layer 3 at 15.2 or above");
});
