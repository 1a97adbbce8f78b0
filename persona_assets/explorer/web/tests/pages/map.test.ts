import { expect, test } from "vitest";
import type { Example, MapData } from "../../src/generated/contract";
import { makeModel } from "../../src/pages/Map/model";
import { about, strongest } from "../../src/pages/Map/peak";

const ROLES = ["default", "guide", "pirate", "sailor", "ghost", "captain"];
const MAP = {
  roles: ROLES,
  families: [[2, 3], [4], [0, 1]],
  features: { feature_id: [9, 8, 7, 6], label: [], preferred_role: [2, 3, 4, 1] },
  summary: {},
} as unknown as MapData;

test("the anchor’s family comes first, and so has the first colour; the others by their features", () => {
  const named = (anchor: string) => makeModel(MAP, anchor).families.map(({ roles }) => roles.map((role) => ROLES[role]));
  expect(named("default")).toEqual([["guide", "default"], ["pirate", "sailor"], ["ghost"]]);
  expect(named("captain")).toEqual([["pirate", "sailor"], ["ghost"], ["guide", "default"]]);
});

test("of a feature’s responses the strongest whose tokens are kept is shown about its peak", () => {
  const pieces = Array.from({ length: 60 }, (_, at) => `t${at}`);
  const at = (peak: number, max: number) => ({
    max,
    pieces,
    activations: pieces.map((_, i) => (i === peak ? max : i === peak + 1 ? 1 : 0)),
  });
  const best = strongest([at(3, 5), { max: 9, pieces: null, activations: null }, at(40, 7)] as Example[])!;
  expect(best.max).toBe(7);
  const shown = about(best);
  expect(shown[14]).toEqual({ piece: "t40", value: 7, level: 5, share: 1 });
  expect(shown.at(-1)?.piece).toBe("t46");
  expect(shown.filter((one) => one.level > 0)).toHaveLength(2);
  expect(strongest([{ max: 9, pieces: null, activations: null }] as Example[])).toBeUndefined();
});
