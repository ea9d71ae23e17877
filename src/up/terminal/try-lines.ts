/** Commands that show a mesh at work: they can be pasted into any directory. */
import { discoveredTables } from "../../config/discovered-tables.js";
import type { ResourceOf } from "../../config/kinds.js";
import type { ResourceTables } from "../../config/snapshot.js";
import { HTTP_PROXY_PORT } from "../../envoy/names.js";
import { withMadeRouting } from "../../mesh/made-routing.js";
import { isHttp, isTls, kubernetesProtocol } from "../../mesh/service/protocol.js";
import type { StandIn } from "../../mesh/service/stand-in.js";
import { isMade } from "../made/made.js";
import { externalHosts } from "../outside/stand-ins.js";
import type { PlacedPod } from "../pods/pod-plan.js";
import { selectsPods } from "../pods/selects-pods.js";
import { type GatewayCall, gatewayCalls } from "./gateway-calls.js";

/** A command, and what it shows. */
export interface TryLine {
  readonly title: string;
  readonly command: string;
}

/** What the commands are about. */
export interface TryOptions {
  readonly tables: ResourceTables;
  readonly pods: readonly PlacedPod[];
  readonly standIns: readonly StandIn[];
  /** The root of the development certificates. */
  readonly rootFile: string;
  /** curl is told by the environment to use a proxy, which these commands must not. */
  readonly curlHasProxy: boolean;
}

const MAX_GATEWAY_LINES = 2;

/** Through the gateways, from a sidecar to a service, and to a host outside the mesh; fewer where there is none of a kind. */
export function tryLines(given: TryOptions): readonly TryLine[] {
  const tables = discoveredTables(given.tables);
  const options = { ...given, tables };
  const { pods } = options;
  const calls = gatewayCalls(withMadeRouting(tables), pods);
  const caller = callerOf(tables, pods, calls);
  const outward =
    caller === undefined
      ? []
      : [...serviceLines(options, caller), ...externalLines(options, caller)];
  return [
    ...calls.slice(0, MAX_GATEWAY_LINES).map((call) => gatewayLine(options, call)),
    ...outward,
  ];
}

function gatewayLine(options: TryOptions, call: GatewayCall): TryLine {
  const { scheme, host, port, path, address, listenPort } = call;
  const standard = port === (scheme === "https" ? 443 : 80);
  const authority =
    host === undefined ? `${address}:${listenPort}` : host + (standard ? "" : `:${port}`);
  const parts = [
    "curl",
    ...(options.curlHasProxy ? ["--noproxy '*'"] : []),
    ...(scheme === "https" ? [trustOf(options, call.credential)] : []),
    ...(host === undefined ? [] : [`--connect-to ${host}:${port}:${address}:${listenPort}`]),
    shellWord(`${scheme}://${authority}${path}`),
  ];
  const how = scheme === "https" ? "HTTPS" : "HTTP";
  const empty = emptyService(options, call);
  const but = empty === undefined ? "" : `; 503, as no workload is behind ${empty}`;
  return { title: `through the gateway, by ${how}${but}`, command: parts.join(" ") };
}

/** The Service without pods to which a call leads; undefined where it leads to others as well, or out of the mesh. */
function emptyService(
  { tables, pods }: TryOptions,
  { destinations }: GatewayCall,
): string | undefined {
  const names = new Set(destinations.map(firstLabel));
  const services = tables.Service.sorted()
    .map(([, service]) => service)
    .filter(({ metadata }) => names.has(metadata.name));
  // One without a selector has endpoints of its own.
  const isEmpty = ({ spec, metadata }: ResourceOf<"Service">): boolean =>
    Object.keys(spec.selector ?? {}).length > 0 &&
    !pods.some((pod) => selectsPods(spec.selector, metadata, pod));
  return services.length === names.size && services.every(isEmpty)
    ? services[0]?.metadata.name
    : undefined;
}

/** The development root for a certificate that it signed; one of the user's own is signed by who knows whom. */
function trustOf({ tables, rootFile }: TryOptions, credential: string | undefined): string {
  const secret = credential === undefined ? undefined : tables.Secret.get(credential);
  return secret === undefined || isMade(secret) ? `--cacert ${shellWord(rootFile)}` : "--insecure";
}

/** The application behind the gateway, because it is the one that would call others; else the first with a sidecar. */
function callerOf(
  tables: ResourceTables,
  pods: readonly PlacedPod[],
  calls: readonly GatewayCall[],
): PlacedPod | undefined {
  const entries = new Set(calls.flatMap(({ destinations }) => destinations.map(firstLabel)));
  const sidecars = pods.filter(({ proxy }) => proxy === "sidecar");
  const isEntry = (pod: PlacedPod): boolean =>
    servicesOf(tables, pod).some(({ metadata }) => entries.has(metadata.name));
  return sidecars.find(isEntry) ?? sidecars[0];
}

function firstLabel(host: string): string {
  return host.split(".", 1)[0] ?? host;
}

function servicesOf(tables: ResourceTables, pod: PlacedPod): readonly ResourceOf<"Service">[] {
  return tables.Service.sorted()
    .map(([, service]) => service)
    .filter(({ spec, metadata }) => selectsPods(spec.selector, metadata, pod));
}

function serviceLines({ tables, pods, curlHasProxy }: TryOptions, caller: PlacedPod): TryLine[] {
  const candidates = tables.Service.sorted().flatMap(([, service]) => {
    const port = httpPort(service);
    const behind = pods.filter(
      (pod) =>
        pod.proxy !== "router" &&
        pod.workloadName !== caller.workloadName &&
        selectsPods(service.spec.selector, service.metadata, pod),
    );
    if (port === undefined || behind.length === 0) return [];
    const versions = new Set(behind.map(({ labels }) => labels["version"] ?? ""));
    return [{ service, port, versions: versions.size, size: behind.length }];
  });
  // The one in which there is most to see.
  const [best] = candidates.sort((a, b) => b.versions - a.versions || b.size - a.size);
  if (best === undefined) return [];
  const { name, namespace } = best.service.metadata;
  const host = namespace === caller.namespace ? name : `${name}.${namespace}`;
  const url = `http://${host}${best.port === 80 ? "" : `:${best.port}`}/`;
  const proxy = viaSidecar(caller, curlHasProxy);
  const line = { title: `from ${caller.name} to ${host}`, command: `curl ${proxy} ${url}` };
  if (best.versions < 2) return [line];
  const loop = `for i in $(seq 100); do curl -s ${proxy} ${url} | grep -o '"version": "[^"]*'; done | sort | uniq -c`;
  return [line, { title: `which versions of ${host} answer`, command: loop }];
}

function httpPort({ spec }: ResourceOf<"Service">): number | undefined {
  return spec.ports?.find(({ port, name, protocol, appProtocol }) => {
    const spoken = kubernetesProtocol({ number: port, name, transport: protocol, appProtocol });
    return isHttp(spoken) || spoken === "Unsupported";
  })?.port;
}

function externalLines(options: TryOptions, caller: PlacedPod): TryLine[] {
  const { tables, standIns, rootFile, curlHasProxy } = options;
  const callable = externalHosts(tables).flatMap(({ host, name, ports }) =>
    ports
      // Its certificate is not for the other names by which it is called.
      .filter(({ protocol }) => isHttp(protocol) || (isTls(protocol) && host === name))
      .map(({ number, protocol }) => ({ host, number, tls: isTls(protocol) })),
  );
  const [first] = callable;
  if (first === undefined) return [];
  const { host, number, tls } = first;
  const standardPort = tls ? 443 : 80;
  const parts = [
    "curl",
    ...(tls && standIns.some((one) => one.host === host)
      ? [`--cacert ${shellWord(rootFile)}`]
      : []),
    viaSidecar(caller, curlHasProxy),
    `${tls ? "https" : "http"}://${nameOf(host)}${number === standardPort ? "" : `:${number}`}/`,
  ];
  return [{ title: `from ${caller.name} to ${host}, outside the mesh`, command: parts.join(" ") }];
}

/** A name that a host stands for. */
const nameOf = (host: string): string => host.replace("*", "www");

/** The sidecar as an HTTP proxy; also for hosts that the environment wants called without one. */
function viaSidecar({ addresses }: PlacedPod, curlHasProxy: boolean): string {
  return `-x http://${addresses.egress}:${HTTP_PROXY_PORT}${curlHasProxy ? " --noproxy ''" : ""}`;
}

/** A word that a shell reads as this text. */
function shellWord(text: string): string {
  return /^[\w./:@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
