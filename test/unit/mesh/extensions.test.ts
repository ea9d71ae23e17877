import { beforeEach, expect, test } from "vitest";
import { Engine } from "../../../src/base/engine/engine.js";
import { parseOffline } from "../../../src/config/parse-offline.js";
import {
  createExtensionFinder,
  createExtensions,
  type Extension,
} from "../../../src/mesh/extension/extensions.js";
import type { PolicySubject } from "../../../src/mesh/policy-targets.js";

const shop: PolicySubject = { namespace: "default", labels: { app: "shop" } };

/** One extension by its name, `NAME` or `NAME.NAMESPACE`, that says this beside what it runs. */
function extension(
  kind: "WasmPlugin" | "TrafficExtension",
  name: string,
  says: object = {},
): string {
  const [own = "", namespace = "default"] = name.split(".");
  const runs = kind === "WasmPlugin" ? { url: "file:///a.wasm" } : { lua: { inlineCode: "x = 1" } };
  return `\n${JSON.stringify({
    apiVersion: "extensions.istio.io/v1alpha1",
    kind,
    metadata: { name: own, namespace },
    spec: { ...runs, ...says },
  })}\n`;
}

/** The extensions of a workload when these, and no others, are there. */
let applied: (texts: readonly string[], subject?: PolicySubject) => readonly Extension[];

beforeEach(() => {
  const engine = new Engine();
  const extensions = createExtensions(engine);
  const finder = createExtensionFinder(engine);
  applied = (texts, subject = shop) => {
    const { tables } = parseOffline([{ path: "a.yaml", text: texts.join("---") }]);
    return finder.of(extensions(tables), "istio-system", subject);
  };
});

const namesOf = (all: readonly Extension[]): readonly string[] =>
  all.map(({ source }) => source.name);

test("orders extensions of both kinds by phase, then the larger priority, then name and namespace", () => {
  const all = applied([
    extension("WasmPlugin", "last"),
    extension("TrafficExtension", "b", { phase: "STATS" }),
    extension("WasmPlugin", "a", { phase: "STATS" }),
    extension("WasmPlugin", "a.istio-system", { phase: "STATS" }),
    extension("TrafficExtension", "large", { phase: "EXECUTION_PHASE_STATS", priority: 7 }),
    extension("WasmPlugin", "small", { phase: "STATS", priority: -7 }),
    extension("TrafficExtension", "judge", { phase: "AUTHZ" }),
    extension("WasmPlugin", "who", { phase: "AUTHN" }),
  ]);
  expect(namesOf(all)).toEqual(["who", "judge", "large", "a", "a", "b", "small", "last"]);
  expect(all.map(({ name }) => name).slice(3, 5)).toEqual([
    "extensions.istio.io/wasmplugin/default.a",
    "extensions.istio.io/wasmplugin/istio-system.a",
  ]);
});

test.each([
  [undefined, "LAST"],
  ["UNSPECIFIED_PHASE", "LAST"],
  ["EXECUTION_PHASE_UNSPECIFIED", "LAST"],
  ["EXECUTION_PHASE_AUTHN", "AUTHN"],
  ["AUTHZ", "AUTHZ"],
])("the phase %s is %s", (phase, expected) => {
  const [one] = applied([
    extension("TrafficExtension", "one", phase === undefined ? {} : { phase }),
  ]);
  expect(one?.phase).toBe(expected);
});

test("finds those of a workload's namespace and of the root namespace that select it, and no others", () => {
  const all = [
    extension("WasmPlugin", "all"),
    extension("WasmPlugin", "mesh.istio-system"),
    extension("TrafficExtension", "mine", { selector: { matchLabels: { app: "shop" } } }),
    extension("TrafficExtension", "theirs", { selector: { matchLabels: { app: "other" } } }),
    extension("WasmPlugin", "elsewhere.payments"),
  ];
  expect(namesOf(applied(all))).toEqual(["all", "mesh", "mine"]);
  const gateway = {
    namespace: "default",
    labels: { "gateway.networking.k8s.io/gateway-name": "edge" },
  };
  const targetRefs = [{ group: "gateway.networking.k8s.io", kind: "Gateway", name: "edge" }];
  const attached = [extension("WasmPlugin", "attached", { targetRefs })];
  expect(namesOf(applied(attached, gateway))).toEqual(["attached"]);
  expect(applied(attached)).toEqual([]);
});

test("gives one list to all who have the same extensions", () => {
  const engine = new Engine();
  const { tables } = parseOffline([{ path: "a.yaml", text: extension("WasmPlugin", "one") }]);
  const all = createExtensions(engine)(tables);
  const finder = createExtensionFinder(engine);
  const other = { namespace: "default", labels: { app: "other" } };
  expect(finder.of(all, "istio-system", shop)).toBe(finder.of(all, "istio-system", other));
});
