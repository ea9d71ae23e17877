import { beforeEach, expect, test } from "vitest";
import { Engine } from "../../../src/base/engine/engine.js";
import { createDiscoveredTables } from "../../../src/config/discovered-tables.js";
import type { LabelSelector } from "../../../src/config/kinds/value/label-selector.js";
import type { ResourceTables } from "../../../src/config/snapshot.js";
import { type ConfigStore, createConfigStore } from "../../../src/config/store/config-store.js";

const SELECTORS: readonly LabelSelector[] = [{ matchLabels: { mesh: "on" } }];

const namespace = (name: string, mesh: string): string =>
  `{ apiVersion: v1, kind: Namespace, metadata: { name: ${name}, labels: { mesh: "${mesh}" } } }\n---\n`;

const resource = (kind: string, namespaceName: string, name = "one"): string =>
  `{ apiVersion: v1, kind: ${kind}, metadata: { name: ${name}, namespace: ${namespaceName} } }\n---\n`;

let recorded: string[];
let store: ConfigStore;
let discovered: ReturnType<typeof createDiscoveredTables>;

beforeEach(() => {
  recorded = [];
  store = createConfigStore();
  discovered = createDiscoveredTables(
    new Engine({ record: (operator, key) => recorded.push(`${operator}: ${key}`) }),
  );
});

const tablesOf = (text: string): ResourceTables =>
  store.update({
    roots: [],
    changed: [{ type: "text", root: "mesh", path: "mesh/a.yaml", text }],
    removed: [],
    isComplete: true,
  }).tables;

const accounts = (text: string, selectors: readonly LabelSelector[] = SELECTORS): string[] =>
  [...discovered(tablesOf(text), selectors).ServiceAccount].map(([key]) => key).sort();

const ALL = ["a", "b", "c"].map((name) => resource("ServiceAccount", name)).join("");

test("without selectors there is nothing to leave out, and nothing is computed", () => {
  const tables = tablesOf(ALL);
  expect(discovered(tables, undefined)).toBe(tables);
  expect(discovered(tables, [])).toBe(tables);
  expect(recorded).toEqual([]);
});

test("a namespace is of the mesh when one of the selectors takes its labels, of which its name is one", () => {
  const text = `${namespace("a", "on")}${namespace("b", "off")}${ALL}`;
  const named = { key: "kubernetes.io/metadata.name", operator: "In" as const, values: ["c"] };
  expect(accounts(text)).toEqual(["a/one"]);
  expect(accounts(text, [...SELECTORS, { matchExpressions: [named] }])).toEqual(["a/one", "c/one"]);
  expect(
    accounts(text, [{ matchExpressions: [{ key: "mesh", operator: "DoesNotExist" }] }]),
  ).toEqual(["c/one"]);
  expect(accounts(text, [{}])).toEqual(["a/one", "b/one", "c/one"]);
});

test("what has no namespace, ConfigMaps and Secrets are read wherever they are", () => {
  const text = `${namespace("b", "off")}${resource("ConfigMap", "b")}${resource("Secret", "b")}`;
  const { Namespace, ConfigMap, Secret } = discovered(tablesOf(text), SELECTORS);
  expect([Namespace.size, ConfigMap.size, Secret.size]).toEqual([1, 1, 1]);
});

test("a label of a namespace costs what is in it, and an edit what it changes", () => {
  const others = `${namespace("b", "on")}${ALL}`;
  expect(accounts(`${namespace("a", "on")}${others}`)).toEqual(["a/one", "b/one"]);
  recorded.length = 0;
  expect(accounts(`${namespace("a", "off")}${others}`)).toEqual(["b/one"]);
  const ofAccounts = (): string[] => recorded.filter((one) => one.startsWith("ServiceAccount"));
  expect(ofAccounts()).toEqual([
    "ServiceAccount of selected namespaces: /a",
    "ServiceAccount of the mesh: a/one",
  ]);
  recorded.length = 0;
  accounts(`${namespace("a", "off")}${others}${resource("ServiceAccount", "b", "two")}`);
  expect(ofAccounts()).toEqual([
    "ServiceAccount by namespace: b/two",
    "ServiceAccount of selected namespaces: /b",
    "ServiceAccount of the mesh: b/two",
  ]);
});

test("the same tables come of the same resources, whatever of a namespace changes besides", () => {
  const first = discovered(tablesOf(`${namespace("a", "on")}${ALL}`), SELECTORS);
  const text = `${namespace("a", "on").replace("labels:", "annotations: { a: b }, labels:")}${ALL}`;
  const second = discovered(tablesOf(text), [{ matchLabels: { mesh: "on" } }]);
  expect(second.Namespace).not.toBe(first.Namespace);
  expect(second.ServiceAccount).toBe(first.ServiceAccount);
});
