/** The proxies that are connected to the control plane, by the names that people give them. */
import type { ProxyJson } from "../../../gen/types/fairlead/debug/v1/debug_pb.js";
import { didYouMean } from "../../base/text/closest-word.js";
import type { HostPort } from "../../base/text/host-port.js";
import type { DebugClient } from "../../debug/api/client.js";
import { type Labels, selects } from "../../mesh/labels.js";
import { CommandError } from "../command-error.js";
import type { CommandContext } from "../context.js";
import { parseHostPort } from "../options/arguments.js";
import { askControlPlane } from "./connect.js";
import type { ConnectionOptions } from "./connection-options.js";

/** A proxy that is connected. */
export interface ConnectedProxy {
  /** `NAME.NAMESPACE`. */
  readonly id: string;
  /** Its SPIFFE identity; empty when it proved none. */
  readonly identity: string;
  /** sidecar or router */
  readonly type: string;
  /** Where its admin interface is, as it says. */
  readonly admin: HostPort | undefined;
}

/** A pod, or the workload or service of which any pod is meant. */
interface Wanted {
  readonly kind: "pod" | "workload" | "service";
  readonly name: string;
  readonly namespace: string;
}

/** `NAME`, `NAME.NAMESPACE`, or either behind `pod/`, `deployment/` and the like, as istioctl takes it. */
const POD = /^(?:([a-z]+)\/)?([a-z0-9-]+)(?:\.([a-z0-9-]+))?$/;
const KINDS: ReadonlyMap<string, Wanted["kind"]> = new Map([
  ...["pod", "pods", "po"].map((word) => [word, "pod"] as const),
  ...["service", "services", "svc"].map((word) => [word, "service"] as const),
]);

/** Which pod, workload or service a text means; without a namespace one of the one that is given. */
export function parsePod(text: string, namespace: string): Wanted {
  const [, kind = "pod", name, own = namespace] = POD.exec(text) ?? [];
  if (name === undefined) {
    throw new CommandError(
      `"${text}" is no pod`,
      "it is NAME.NAMESPACE, such as payments-v1-0.default, or deployment/payments-v1.default",
    );
  }
  return { kind: KINDS.get(kind) ?? "workload", name, namespace: own };
}

/** What is asked for of a proxy. */
const FIELDS = "id,name,namespace,type,workload,identity,address,adminAddress";

/** The ids of all proxies that are connected, sorted. */
export async function connectedIds(
  context: CommandContext,
  options: ConnectionOptions,
): Promise<readonly string[]> {
  const { proxies = [] } = await askControlPlane(context, options, (client) =>
    client.listProxies({ readMask: "id" }),
  );
  return proxies.map(({ id = "" }) => id);
}

/**
 * The ids of the proxies of a namespace that have all of some labels, sorted.
 * @throws CommandError when none has
 */
export async function connectedWith(
  context: CommandContext,
  options: ConnectionOptions,
  { labels, namespace }: { readonly labels: Labels; readonly namespace: string },
): Promise<readonly string[]> {
  const { proxies = [] } = await askControlPlane(context, options, (client) =>
    client.listProxies({ namespace, readMask: "id,labels" }),
  );
  const found = proxies.filter((proxy) => selects(labels, proxy.labels ?? {}));
  if (found.length > 0) return found.map(({ id = "" }) => id);
  const shown = Object.entries(labels).map((label) => label.join("="));
  throw new CommandError(
    `no proxy of namespace ${namespace} has the labels ${shown.join(",")}`,
    "`fairlead proxy-status` shows the proxies that are connected; -n names another namespace",
  );
}

/** What is known of a proxy that is meant, beside its name. */
export interface NamedProxyOptions {
  readonly namespace?: string;
  /** The port of its admin interface, in place of that which it names. */
  readonly proxyAdminPort?: number;
}

/**
 * The proxy of a pod; of several pods of a workload the first. A name without a namespace is of the one that is given.
 * @throws CommandError when it is not connected
 * @throws DebugCallError when the control plane does not answer
 */
export async function connectedProxy(
  client: DebugClient,
  pod: string,
  { namespace = "default", proxyAdminPort }: NamedProxyOptions = {},
): Promise<ConnectedProxy> {
  const wanted = parsePod(pod, namespace);
  const proxies = await candidates(client, wanted);
  const found = proxies.find((proxy) => isWanted(proxy, wanted));
  if (found !== undefined) return connected(found, proxyAdminPort);
  const id = idOf(wanted);
  const { proxies: all = [], peers = [] } = await client.listProxies({ readMask: "id" });
  const others = all.map((proxy) => proxy.id ?? "");
  const elsewhere = peers.find(({ proxies = [] }) => proxies.some((proxy) => proxy.id === id));
  if (elsewhere !== undefined) {
    throw new CommandError(
      `the proxy ${id} is connected to the control plane at ${elsewhere.address ?? ""}`,
      "ask that: `--xds-address` and `--state` say where it is",
    );
  }
  throw new CommandError(
    wanted.kind === "pod"
      ? `no proxy ${id} is connected${didYouMean(id, others)}`
      : `no proxy of the ${wanted.kind} ${id} is connected`,
    "`fairlead proxy-status` shows the proxies that are connected",
  );
}

const idOf = ({ name, namespace }: Wanted): string => `${name}.${namespace}`;

/** The proxies that may be meant. */
async function candidates(client: DebugClient, wanted: Wanted): Promise<readonly ProxyJson[]> {
  const { kind, name, namespace } = wanted;
  const limit = kind === "service" ? { service: idOf(wanted) } : { name, namespace };
  const { proxies = [] } = await client.listProxies({ ...limit, readMask: FIELDS });
  return proxies;
}

/**
 * The proxies of the pods of a workload or a service, or of a pod where no workload has the name, sorted.
 * @throws CommandError when none is connected
 * @throws DebugCallError when the control plane does not answer
 */
export async function connectedWorkload(
  client: DebugClient,
  workload: string,
  { namespace = "default", proxyAdminPort }: NamedProxyOptions = {},
): Promise<readonly ConnectedProxy[]> {
  const wanted = parsePod(workload, namespace);
  const proxies = await candidates(client, wanted);
  const isOfService = wanted.kind === "service";
  const pods = proxies.filter((proxy) => isOfService || proxy.workload === wanted.name);
  const found = pods.length === 0 ? proxies : pods;
  if (found.length > 0) return found.map((proxy) => connected(proxy, proxyAdminPort));
  throw new CommandError(
    `no proxy of the ${isOfService ? "service" : "workload"} ${idOf(wanted)} is connected`,
    "`fairlead proxy-status` shows the proxies that are connected; -n names another namespace",
  );
}

function connected(proxy: ProxyJson, port: number | undefined): ConnectedProxy {
  const { id = "", identity = "", type = "" } = proxy;
  return { id, identity, type, admin: adminOf(proxy, port) };
}

/** Where the admin interface of a proxy is. Who does not say it, or says another port, has it where proxies of Istio have theirs. */
function adminOf(
  { address = "", adminAddress = "" }: ProxyJson,
  port: number | undefined,
): HostPort | undefined {
  const named = adminAddress === "" ? undefined : parseHostPort(adminAddress);
  if (port === undefined) return named;
  return { host: named?.host ?? (address.startsWith("127.") ? address : "127.0.0.1"), port };
}

function isWanted(proxy: ProxyJson, { kind, name, namespace }: Wanted): boolean {
  if (kind === "service") return true;
  const own = kind === "pod" ? proxy.name : proxy.workload;
  return own === name && proxy.namespace === namespace;
}
