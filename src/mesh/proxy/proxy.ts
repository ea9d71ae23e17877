/** Reads what an Envoy says of itself when it connects: its node id and Istio's node metadata. */
import ipaddr from "ipaddr.js";
import { isMap } from "../../base/is-map.js";
import { byKey } from "../../base/text/compare-text.js";
import { limitedAscii } from "../../base/text/limited-ascii.js";
import { isIpAddress } from "../../config/kinds/value/dns-names.js";
import {
  GatewayTopology,
  type ProxyConfigFields,
  ProxyHeaders,
  type ToldSettings,
  TracingFields,
} from "../../config/mesh-config/mesh-config-schema.js";
import { tracingSettings } from "../../config/mesh-config/tracing-settings.js";
import { validateBody } from "../../config/schema/schema.js";
import type { Labels } from "../labels.js";
import { localityOfLabels } from "../workload/locality.js";

/** A sidecar serves one workload; a router is a gateway of its own. */
export type ProxyType = "sidecar" | "router";

/** How connections reach a proxy: redirected to it by the kernel, or only when they are addressed to it. */
export type InterceptionMode = "REDIRECT" | "TPROXY" | "NONE";

/** What a proxy says of itself when it connects, as far as its configuration depends on it. Istio's node metadata. */
export interface Proxy extends ToldSettings {
  /** `NAME.NAMESPACE`, by which people call it. */
  readonly id: string;
  readonly type: ProxyType;
  readonly name: string;
  readonly namespace: string;
  /** The first of its addresses. */
  readonly address: string;
  /** It has addresses of both families that others can reach. */
  readonly dualStack: boolean;
  readonly labels: Labels;
  readonly serviceAccount: string;
  readonly workloadName: string;
  /** What its service is called in spans; absent of one that does not say. */
  readonly serviceName?: string;
  readonly clusterId: string;
  readonly locality: string;
  readonly network: string;
  readonly mode: InterceptionMode;
  /** It may not bind ports below 1024. */
  readonly unprivileged: boolean;
  /** A sidecar that is sent the hosts that it calls when it first calls them, and no others. */
  readonly onDemand: boolean;
  /** Who answers its application's questions to DNS: nobody, an agent beside Envoy, or Envoy. */
  readonly dns: "nobody" | "agent" | "envoy";
  /** Mode NONE: where its application listens, and where its outbound listeners do. */
  readonly appAddress: string;
  readonly egressAddress: string;
  readonly istioVersion: string;
  /** What else its node says, as far as it is text: EnvoyFilters may ask for it. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** The part of an Envoy node that is read here. */
export interface NodeFields {
  readonly id: string;
  /** What its service is called. */
  readonly cluster?: string;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly locality?: { readonly region: string; readonly zone: string; readonly subZone: string };
}

/** A node that is no proxy of this mesh, and why. */
export interface InvalidNode {
  readonly invalid: string;
}

/** The node metadata by which a proxy asks to be sent what it uses alone: `"true"`. */
const ON_DEMAND = "ON_DEMAND_DISCOVERY";

/** The node metadata by which a proxy asks for the names of the mesh: `"true"`. See Istio, ISTIO_META_DNS_CAPTURE. */
const DNS_CAPTURE = "DNS_CAPTURE";

/** `TYPE~IP~NAME.NAMESPACE~DOMAIN`. See Istio, model.ParseServiceNodeWithMetadata. */
const NODE_ID = /^(sidecar|router)~([^~]*)~([^~]+)\.([^~.]+)~([^~]*)$/;
const MAX_LABELS = 256;
/** What a name and a namespace of Kubernetes have at most, with what is put behind a name; it is logged whenever the proxy comes. */
const MAX_ID_LENGTH = 512;
const MODES: ReadonlySet<string> = new Set(["REDIRECT", "TPROXY", "NONE"]);

function text(metadata: NodeFields["metadata"], key: string): string | undefined {
  const value = metadata[key];
  return typeof value === "string" && value !== "" ? value : undefined;
}

function labelsOf(metadata: NodeFields["metadata"]): Labels {
  const labels = metadata["LABELS"];
  return typeof labels === "object" && labels !== null ? textsIn(labels) : {};
}

/** The members that are text, sorted by key. */
function textsIn(members: object): Readonly<Record<string, string>> {
  const pairs = Object.entries(members).filter(
    (pair): pair is [string, string] => typeof pair[1] === "string",
  );
  return Object.fromEntries(pairs.sort(byKey).slice(0, MAX_LABELS));
}

/** Where Envoy was told that it is; else where its labels say. */
function localityOf(node: NodeFields, labels: Labels): string {
  const parts = [node.locality?.region, node.locality?.zone, node.locality?.subZone];
  while (parts.length > 0 && (parts.at(-1) ?? "") === "") parts.pop();
  return parts.length === 0 ? localityOfLabels(labels) : parts.map((part) => part ?? "").join("/");
}

function modeOf(metadata: NodeFields["metadata"]): InterceptionMode {
  const mode = text(metadata, "INTERCEPTION_MODE");
  return mode !== undefined && MODES.has(mode) ? (mode as InterceptionMode) : "REDIRECT";
}

/** The settings with which a proxy was started, as Istio's agents tell them; one that cannot be read is as if it were not told. */
function settingsOf({ PROXY_CONFIG: settings }: NodeFields["metadata"]): ToldSettings {
  if (!isMap(settings)) return {};
  const told = Object.entries(TOLD).filter(
    ([name, schema]) =>
      settings[name] !== undefined &&
      validateBody({ body: "document", schema }, settings[name]).length === 0,
  );
  const { tracing: all, ...rest }: Partial<ProxyConfigFields> = Object.fromEntries(
    told.map(([name]) => [name, settings[name]]),
  );
  const tracing = tracingSettings(all);
  return { ...rest, ...(tracing === undefined ? {} : { tracing }) };
}

const TOLD = {
  gatewayTopology: GatewayTopology,
  proxyHeaders: ProxyHeaders,
  tracing: TracingFields,
} as const;

/** Who answers DNS for a proxy that asks for that. Only an agent knows by its settings where Envoy is that it starts. */
function dnsOf(metadata: NodeFields["metadata"], type: string): Proxy["dns"] {
  if (text(metadata, DNS_CAPTURE) !== "true") return "nobody";
  const { PROXY_CONFIG: settings } = metadata;
  if (isMap(settings) && typeof settings["binaryPath"] === "string") return "agent";
  return type === "sidecar" ? "envoy" : "nobody";
}

/** Where others find a proxy, it finds its application, and is found by that: on loopback where nothing is said. */
function addressesOf(
  ip: string,
  metadata: NodeFields["metadata"],
): Pick<Proxy, "address" | "dualStack" | "appAddress" | "egressAddress"> | InvalidNode {
  const instances = (text(metadata, "INSTANCE_IPS") ?? "").split(",");
  const address = [ip, ...instances].find(isIpAddress);
  if (address === undefined) {
    return { invalid: "neither node.id nor INSTANCE_IPS has an IP address" };
  }
  const [appAddress = LOOPBACK, egressAddress = LOOPBACK] = ["APP_ADDRESS", "EGRESS_ADDRESS"].map(
    (key) => text(metadata, key),
  );
  const wrong = [appAddress, egressAddress].find((one) => !isIpAddress(one));
  if (wrong !== undefined) {
    return { invalid: `${JSON.stringify(wrong.slice(0, 200))} is no IP address of its own` };
  }
  return { address, dualStack: isDualStack(instances), appAddress, egressAddress };
}

/** What a proxy calls itself, by its id and by its metadata, which have to agree. */
function nameOf(
  metadata: NodeFields["metadata"],
  idName: string,
  idNamespace: string,
): Pick<Proxy, "id" | "name" | "namespace"> | InvalidNode {
  const name = text(metadata, "NAME") ?? idName;
  const namespace = text(metadata, "NAMESPACE") ?? idNamespace;
  if (namespace !== idNamespace) {
    const claims = `${limitedAscii(idNamespace)}, its metadata ${limitedAscii(namespace)}`;
    return { invalid: `node.id names namespace ${claims}` };
  }
  const id = `${name}.${namespace}`;
  if (id.length <= MAX_ID_LENGTH) return { id, name, namespace };
  return {
    invalid: `its name and namespace have ${id.length} characters; at most ${MAX_ID_LENGTH} are taken`,
  };
}

/** Reads a node; says what is wrong with one that does not follow Istio's form. */
export function parseNode(node: NodeFields): Proxy | InvalidNode {
  const match = NODE_ID.exec(node.id);
  if (match === null) {
    return {
      invalid: `node.id "${node.id.slice(0, 200)}" is not of the form sidecar~IP~NAME.NAMESPACE~DOMAIN`,
    };
  }
  const [, type = "sidecar", ip = "", idName = "", idNamespace = ""] = match;
  const { metadata } = node;
  const called = nameOf(metadata, idName, idNamespace);
  if ("invalid" in called) return called;
  const labels = labelsOf(metadata);
  const told = (key: string, otherwise: string): string => text(metadata, key) ?? otherwise;
  const addresses = addressesOf(ip, metadata);
  if ("invalid" in addresses) return addresses;
  return {
    ...called,
    type: type === "router" ? "router" : "sidecar",
    ...addresses,
    labels,
    serviceAccount: told("SERVICE_ACCOUNT", "default"),
    workloadName: told("WORKLOAD_NAME", called.name),
    ...(node.cluster === undefined || node.cluster === "" ? {} : { serviceName: node.cluster }),
    clusterId: told("CLUSTER_ID", "Kubernetes"),
    locality: localityOf(node, labels),
    network: told("NETWORK", labels["topology.istio.io/network"] ?? ""),
    mode: modeOf(metadata),
    unprivileged: told("UNPRIVILEGED_POD", "") === "true",
    onDemand: type === "sidecar" && told(ON_DEMAND, "") === "true",
    dns: dnsOf(metadata, type),
    istioVersion: told("ISTIO_VERSION", ""),
    ...settingsOf(metadata),
    metadata: textsIn(metadata),
  };
}

const LOOPBACK = "127.0.0.1";

/** Whether a proxy is called on the machine's own addresses: then so are all that it calls. */
export function isOnLoopback({ address }: Pick<Proxy, "address">): boolean {
  return ipaddr.isValid(address) && ipaddr.process(address).range() === "loopback";
}

/** The addresses of loopback that every machine has, and all of its programs listen at. */
const COMMON_LOOPBACK: readonly string[] = [LOOPBACK, "::1"];

/**
 * The address at which nobody but a sidecar that captures nothing listens, for its application's calls; undefined where there is
 * none. What leads there from the sidecar itself would be passed on to itself, again and again, until Envoy has no descriptor left.
 */
export function ownEgressAddress({
  type,
  mode,
  address,
  egressAddress,
}: Pick<Proxy, "type" | "mode" | "address" | "egressAddress">): string | undefined {
  const isOwn =
    ipaddr.isValid(egressAddress) && ![...COMMON_LOOPBACK, address].includes(egressAddress);
  return type === "sidecar" && mode === "NONE" && isOwn ? egressAddress : undefined;
}

/** The families of the addresses at which others reach a proxy. */
export type AddressFamilies = "ipv4" | "ipv6" | "both";

/** The family of the addresses by which a proxy calls hosts that it knows by name. */
export type LookUpFamily = Exclude<AddressFamilies, "both">;

/** By IPv6 those call hosts by name that have no other addresses. */
export const lookUpFamily = (families: AddressFamilies): LookUpFamily =>
  families === "ipv6" ? "ipv6" : "ipv4";

/** The families of a proxy's addresses. */
export function familiesOf({
  address,
  dualStack,
}: Pick<Proxy, "address" | "dualStack">): AddressFamilies {
  if (dualStack) return "both";
  return address.includes(":") ? "ipv6" : "ipv4";
}

/** Whether there are addresses of both families, without those of IPv6 that every machine has. */
function isDualStack(addresses: readonly string[]): boolean {
  const valid = addresses.filter((address) => ipaddr.isValid(address)).map(ipaddr.parse);
  const reachable = valid.filter((address) => !ONLY_LOCAL.has(address.range()));
  return valid.some(isIpv4) && reachable.some((address) => !isIpv4(address));
}

const ONLY_LOCAL: ReadonlySet<string> = new Set(["linkLocal", "loopback"]);

const isIpv4 = (address: ipaddr.IPv4 | ipaddr.IPv6): boolean => address.kind() === "ipv4";
