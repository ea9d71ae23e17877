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

const destination = { destination: { host: "app" } };

it.each<[kind: string, group: string, spec: object, path: readonly (string | number)[]]>([
  ["VirtualService", "networking", { hosts: ["app"], http: [null] }, ["http", 0]],
  [
    "VirtualService",
    "networking",
    { hosts: ["app"], tcp: [{ route: [destination] }, null] },
    ["tcp", 1],
  ],
  ["VirtualService", "networking", { hosts: ["app"], tls: [null] }, ["tls", 0]],
  [
    "VirtualService",
    "networking",
    { hosts: ["app"], tcp: [{ match: [null], route: [destination] }] },
    ["tcp", 0, "match", 0],
  ],
  ["DestinationRule", "networking", { host: "app", subsets: [null] }, ["subsets", 0]],
  ["Gateway", "networking", { selector: { a: "b" }, servers: [null] }, ["servers", 0]],
  ["RequestAuthentication", "security", { jwtRules: [null] }, ["jwtRules", 0]],
  ["Telemetry", "telemetry", { accessLogging: [null] }, ["accessLogging", 0]],
  ["Telemetry", "telemetry", { tracing: [null] }, ["tracing", 0]],
  ["Telemetry", "telemetry", { metrics: [{ overrides: [null] }] }, ["metrics", 0, "overrides", 0]],
])(
  "nothing in a list of a %s is an error, as to the schemas of Kubernetes (%#)",
  (kind, group, spec, path) => {
    const resource = { apiVersion: `${group}.istio.io/v1`, kind, metadata: { name: "one" }, spec };
    const [item] = readSection(JSON.stringify(resource)).items;
    expect(item?.resource).toBeUndefined();
    const errors = item?.findings.filter(({ code }) => code !== "fails-closed");
    expect(errors).toMatchObject([{ path: ["spec", ...path], code: "wrong-type" }]);
  },
);
