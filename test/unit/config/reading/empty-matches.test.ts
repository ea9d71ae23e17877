import { expect, it } from "vitest";
import { readSection } from "../../../../src/config/reading/section.js";

const virtualService = (match: string): string => `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: one }
spec:
  hosts: [app]
  http:
    - match: ${match}
      route: [{ destination: { host: app } }]
`;

it("a condition of a route that is nothing at all is read as an empty one", () => {
  const [item] = readSection(virtualService("[null, { uri: { exact: /a } }]")).items;
  expect(item?.findings).toEqual([]);
  expect(item?.resource?.spec).toMatchObject({ http: [{ match: [{}, { uri: { exact: "/a" } }] }] });
});

it("a condition that is neither nothing nor a map is an error", () => {
  const [item] = readSection(virtualService("[null, text]")).items;
  expect(item?.resource).toBeUndefined();
  expect(item?.findings).toMatchObject([{ path: ["spec", "http", 0, "match", 1] }]);
});
