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

const condition = (text: string): ReturnType<typeof readSection>["items"][number] | undefined =>
  readSection(virtualService(`[{ ${text} }]`)).items[0];

it("a header that must not be there, or a parameter, with nothing behind its name is one of any value", () => {
  const item = condition("withoutHeaders: { a: }, queryParams: { b: , c: { exact: d } }");
  const match = { withoutHeaders: { a: {} }, queryParams: { b: {}, c: { exact: "d" } } };
  expect(item?.findings).toEqual([]);
  expect(item?.resource?.spec).toMatchObject({ http: [{ match: [match] }] });
});

it("a header with nothing behind its name is an error, and no condition that is not there", () => {
  const item = condition("headers: { a: }");
  expect(item?.resource).toBeUndefined();
  expect(item?.findings).toMatchObject([{ path: ["spec", "http", 0, "match", 0, "headers", "a"] }]);
});

it("a field with nothing behind its name is absent", () => {
  expect(condition("uri: , headers: ")?.resource?.spec).toMatchObject({ http: [{ match: [{}] }] });
});

it("a name of Kubernetes' own maps with nothing behind it is absent", () => {
  const text = `
apiVersion: v1
kind: Service
metadata: { name: one, labels: { a: } }
spec: { selector: { app: , b: c } }
`;
  const [item] = readSection(text).items;
  expect(item?.resource).toMatchObject({
    metadata: { labels: {} },
    spec: { selector: { b: "c" } },
  });
  expect(item?.findings).toEqual([]);
});
