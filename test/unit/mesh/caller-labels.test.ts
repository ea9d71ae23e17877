import { expect, test } from "vitest";
import { Engine } from "../../../src/base/engine/engine.js";
import { createCallerLabels } from "../../../src/mesh/view/caller-labels.js";
import { createDirectory, documents, service } from "../config/directory.js";

/** A route to a Service, and that. */
const route = (name: string, labels: string): string =>
  documents(
    service(name),
    `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: ${name} }
spec:
  hosts: [${name}.example.com]
  http:
  - match: [{ sourceLabels: ${labels} }]
    route: [{ destination: { host: ${name} } }]
`,
  );

const telemetry = (namespace: string): string => `
apiVersion: telemetry.istio.io/v1
kind: Telemetry
metadata: { name: logs, namespace: ${namespace} }
spec: { selector: { matchLabels: { app: a } }, accessLogging: [{}] }
`;

const rule = `
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: rule, namespace: other }
spec: { host: a.example.com, workloadSelector: { matchLabels: { version: v1, app: a } } }
`;

const ROOT = "istio-system";

test("labels are asked for everywhere by routes and in the root namespace, else in one namespace", () => {
  const labelsOf = createCallerLabels(new Engine());
  const { tables } = createDirectory().write({
    "route.yaml": route("a", "{ version: v1, tier: web }"),
    "root.yaml": telemetry(ROOT),
    "other.yaml": telemetry("other"),
    "rule.yaml": rule,
  });
  expect(labelsOf(tables, ROOT)).toEqual({
    everywhere: ["app", "tier", "version"],
    byNamespace: new Map([["other", ["app", "version"]]]),
  });
});

test("a route that asks for labels that another asks for too leaves them the object that they were", () => {
  const labelsOf = createCallerLabels(new Engine());
  const directory = createDirectory();
  const before = labelsOf(directory.write({ "a.yaml": route("a", "{ x: v1 }") }).tables, ROOT);
  const { tables } = directory.write({ "b.yaml": route("b", "{ x: v2 }") });
  expect(labelsOf(tables, ROOT)).toBe(before);
  const more = directory.write({ "b.yaml": route("b", "{ w: v2 }") });
  expect(labelsOf(more.tables, ROOT).everywhere).toEqual(["w", "x"]);
});
