import { expect, test } from "vitest";
import { relinked, sharedAddress } from "../../src/components/selfContained";

const addressOf = (url: string) => sharedAddress(new URL(url) as unknown as Location);

test("a saved page names the host that others reach, without a bundle and a page of it", () => {
  expect(addressOf("https://host.org/atlas/index.html?bundle=b.json#/role/pirate")).toBe("https://host.org/atlas/index.html");
  for (const own of ["http://localhost:8000/", "http://127.0.0.1/", "http://127.8.9.1/", "http://[::1]:80/", "file:///a/index.html"])
    expect(addressOf(own)).toBeNull();
});

test("a link between pages leads to the host or nowhere, any other stays", () => {
  expect(relinked("#/role/pirate?sae=a", "https://host.org/")).toBe("https://host.org/#/role/pirate?sae=a");
  expect(relinked("#/role/pirate", null)).toBeNull();
  expect(relinked("https://neuronpedia.org/a#b", null)).toBe("https://neuronpedia.org/a#b");
});
