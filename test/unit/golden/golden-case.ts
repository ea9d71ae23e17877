/**
 * Golden cases: a folder with a mesh in YAML, the proxies of that mesh in proxies.yaml, and in `expected` all that each of
 * them is sent.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { fromBinary, type JsonObject, type JsonValue, toJson } from "@bufbuild/protobuf";
import { dump, load } from "js-yaml";
import { createDiscovery } from "../../../src/app/discovery.js";
import { Table } from "../../../src/base/table/table.js";
import { type OfflineFile, parseOffline } from "../../../src/config/parse-offline.js";
import type { ConfigSnapshot } from "../../../src/config/snapshot.js";
import { createEncoder, type Encoder } from "../../../src/envoy/resource/encoder.js";
import { MESSAGE } from "../../../src/envoy/resource/message-types.js";
import type { ProxySets, ResourceSet } from "../../../src/envoy/resource/resource-set.js";
import { type NodeFields, type Proxy, parseNode } from "../../../src/mesh/proxy/proxy.js";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const CASES = join(ROOT, "test", "golden");
const EXAMPLES = join(ROOT, "examples");
const PROXIES = "proxies.yaml";

/** A mesh and its proxies. */
export interface GoldenCase {
  readonly name: string;
  readonly snapshot: ConfigSnapshot;
  /** What Envoy says of itself when it connects, by the name of the proxy's expected file. */
  readonly nodes: Readonly<Record<string, NodeFields>>;
  /** By the same names. */
  readonly proxies: ReadonlyMap<string, Proxy>;
}

/** The encoder of the pinned Envoy's API. */
export function goldenEncoder(): Encoder {
  return createEncoder(readFileSync(join(ROOT, "gen", "envoy.binpb")));
}

/** The names of all cases, sorted. */
export function goldenCaseNames(): readonly string[] {
  return readdirSync(CASES, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .filter((name) => readdirSync(join(CASES, name)).includes(PROXIES))
    .sort();
}

/** Reads a case; one that is named after an example has that example's files beside its own. */
export function readGoldenCase(name: string): GoldenCase {
  const nodes = load(readFileSync(join(CASES, name, PROXIES), "utf8")) as GoldenCase["nodes"];
  const proxies = new Map(Object.entries(nodes).map(([key, node]) => [key, proxyOf(key, node)]));
  return { name, snapshot: parseOffline(goldenFiles(name)), nodes, proxies };
}

/** The configuration of a case. */
export function goldenFiles(name: string): readonly OfflineFile[] {
  const example = join(EXAMPLES, name);
  return [...filesOf(join(CASES, name)), ...(existsSync(example) ? filesOf(example) : [])];
}

function filesOf(directory: string): readonly OfflineFile[] {
  return readdirSync(directory)
    .filter((file) => file.endsWith(".yaml") && file !== PROXIES)
    .map((path) => ({ path, text: readFileSync(join(directory, path), "utf8") }));
}

function proxyOf(key: string, node: NodeFields): Proxy {
  const proxy = parseNode(node);
  if ("invalid" in proxy) throw new Error(`${key}: ${proxy.invalid}`);
  return proxy;
}

/** What each proxy of a case is sent. All of them are connected. */
export function goldenResources(
  { snapshot, proxies }: GoldenCase,
  encoder: Encoder,
): ReadonlyMap<string, ProxySets> {
  const discovery = createDiscovery(encoder, snapshot);
  const connected = Table.from([...proxies.values()].map((proxy) => [proxy.id, proxy] as const));
  discovery.update({ snapshot, proxies: connected, standIns: [] });
  return new Map(
    [...proxies].map(([key, proxy]) => [
      key,
      discovery.resourcesOf({ proxy, controlPlane: undefined }),
    ]),
  );
}

const TYPES = [
  ["clusters", MESSAGE.cluster],
  ["endpoints", MESSAGE.endpoint],
  ["listeners", MESSAGE.listener],
  ["routes", MESSAGE.route],
  ["secrets", MESSAGE.secret],
  ["extensions", MESSAGE.extensionConfig],
  ["names", MESSAGE.nameTable],
] as const;

const NOTHING: ReadonlySet<string> = new Set();

/** What a proxy is sent before it asks for anything, by type. */
function setsSent(sets: ProxySets): readonly (readonly [string, ResourceSet, string])[] {
  if (sets.asked === undefined) return TYPES.map(([key, type]) => [key, sets[key], type] as const);
  const { clusters, virtualHosts } = sets.asked({ clusters: NOTHING, virtualHosts: NOTHING });
  return [
    ["clusters", clusters, MESSAGE.cluster],
    ["listeners", sets.listeners, MESSAGE.listener],
    ["routes", sets.splitRoutes, MESSAGE.route],
    ["virtualHosts", virtualHosts, MESSAGE.virtualHost],
  ];
}

/** Resources as people read them: decoded, by type, sorted by name. */
export function printResources(sets: ProxySets, encoder: Encoder): string {
  const decoded = setsSent(sets).map(
    ([key, set, type]) => [key, decodeSet(set, type, encoder)] as const,
  );
  const present = decoded.filter(([, resources]) => resources.length > 0);
  return dump(Object.fromEntries(present), { lineWidth: 120, noRefs: true });
}

function decodeSet(set: ResourceSet, type: string, { registry }: Encoder): readonly JsonValue[] {
  const schema = registry.getMessage(type);
  if (schema === undefined) throw new Error(`no type ${type}`);
  return set
    .sorted()
    .map(([, { bytes }]) => redacted(toJson(schema, fromBinary(schema, bytes), { registry })));
}

/** Keys are not for files that people read. */
function redacted(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(redacted);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]): [string, JsonValue] => [
      key,
      key === "privateKey" ? withoutBytes(member as JsonObject) : redacted(member),
    ]),
  );
}

function withoutBytes(source: JsonObject): JsonObject {
  return "inlineBytes" in source ? { inlineBytes: "[private]" } : source;
}

/** The file of what a proxy is sent. */
export function expectedFile(caseName: string, proxyName: string): string {
  return join(CASES, caseName, "expected", `${proxyName}.yaml`);
}

/** The files of all cases in which something is expected. */
export function allExpectedFiles(): readonly string[] {
  return readdirSync(CASES, { recursive: true, encoding: "utf8" })
    .filter((path) => path.split(sep).at(1) === "expected" && path.endsWith(".yaml"))
    .map((path) => join(CASES, path));
}
