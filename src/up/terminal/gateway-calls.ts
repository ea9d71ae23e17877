/** Where the gateways of a mesh can be called from outside. */

import { type Server, serverPort } from "../../config/kinds/networking/gateway.js";
import { gatewayKey } from "../../config/kinds/networking/virtual-service/gateway-names.js";
import type { ResourceOf } from "../../config/kinds.js";
import { keyOf } from "../../config/resource.js";
import type { ResourceTables } from "../../config/snapshot.js";
import { parseServerHost } from "../../mesh/gateway/gateway.js";
import type { PlacedPod } from "../pods/pod-plan.js";
import { selectsPods } from "../pods/selects-pods.js";
import { servedGateways } from "../pods/served-gateways.js";

/** One URL that a gateway answers. */
export interface GatewayCall {
  readonly scheme: "http" | "https";
  /** The host to ask for; undefined when any will do. */
  readonly host: string | undefined;
  /** The port that clients name: the server's. */
  readonly port: number;
  readonly path: string;
  /** Where the gateway listens for it. */
  readonly address: string;
  readonly listenPort: number;
  /** The Secret of its certificate, `namespace/name`. */
  readonly credential: string | undefined;
  /** The hosts to which it leads, as the VirtualService names them. */
  readonly destinations: readonly string[];
}

/** A call for each server of a Gateway that a VirtualService gives routes to. */
export function gatewayCalls(
  tables: ResourceTables,
  pods: readonly PlacedPod[],
): readonly GatewayCall[] {
  return pods
    .filter((pod) => pod.proxy === "router")
    .flatMap((pod) =>
      servedGateways(tables, pod).flatMap((gateway) =>
        (gateway.spec.servers ?? []).flatMap((server) => callOf(tables, pod, gateway, server)),
      ),
    );
}

function sorted<R>(table: { sorted(): readonly (readonly [string, R])[] }): readonly R[] {
  return table.sorted().map(([, row]) => row);
}

function callOf(
  tables: ResourceTables,
  pod: PlacedPod,
  gateway: ResourceOf<"Gateway">,
  server: Server,
): readonly GatewayCall[] {
  const scheme = schemeOf(server);
  if (scheme === undefined) return [];
  for (const virtualService of boundTo(tables, gateway)) {
    const host = sharedHost(server, gateway, virtualService.spec.hosts ?? []);
    if (host === undefined) continue;
    const port = serverPort(server);
    const name = server.tls?.credentialName;
    return [
      {
        scheme,
        host: host === "*" ? undefined : host,
        port,
        path: firstPath(virtualService),
        address: pod.addresses.pod,
        listenPort: listenPort(tables, pod, port),
        credential: name === undefined ? undefined : keyOf({ namespace: pod.namespace, name }),
        destinations: destinationsOf(virtualService),
      },
    ];
  }
  return [];
}

/** Those that a client without a certificate of its own can call by an address. */
function schemeOf({ port, tls }: Server): "http" | "https" | undefined {
  if ((port.number ?? 0) === 0) return undefined;
  const protocol = port.protocol.toUpperCase();
  if (protocol === "HTTPS" && tls?.mode === "SIMPLE") return "https";
  return protocol === "HTTP" || protocol === "HTTP2" ? "http" : undefined;
}

function boundTo(
  tables: ResourceTables,
  gateway: ResourceOf<"Gateway">,
): readonly ResourceOf<"VirtualService">[] {
  const key = keyOf(gateway.metadata);
  return sorted(tables.VirtualService).filter(({ spec, metadata }) =>
    (spec.gateways ?? []).some((name) => gatewayKey(name, metadata.namespace) === key),
  );
}

/** The first concrete host that both serve, else `*` when both take any. */
function sharedHost(
  server: Server,
  gateway: ResourceOf<"Gateway">,
  hosts: readonly string[],
): string | undefined {
  const served = server.hosts.map((text) => parseServerHost(text, gateway.metadata.namespace).host);
  const shared = [
    ...hosts.filter((host) => served.some((pattern) => covers(pattern, host))),
    ...served.filter((host) => hosts.some((pattern) => covers(pattern, host))),
  ];
  return shared.find((host) => !host.includes("*")) ?? shared.find((host) => host === "*");
}

function covers(pattern: string, host: string): boolean {
  return pattern === host || (pattern.startsWith("*") && host.endsWith(pattern.slice(1)));
}

function firstPath({ spec }: ResourceOf<"VirtualService">): string {
  const matches = (spec.http ?? []).flatMap((route) => route.match ?? []);
  return matches[0]?.uri?.exact ?? matches[0]?.uri?.prefix ?? "/";
}

function destinationsOf({ spec }: ResourceOf<"VirtualService">): readonly string[] {
  return (spec.http ?? []).flatMap((route) =>
    (route.route ?? []).map(({ destination }) => destination.host),
  );
}

/** The target port of the Service in front of a gateway, else the port itself. */
function listenPort(tables: ResourceTables, pod: PlacedPod, port: number): number {
  const targets = sorted(tables.Service)
    .filter(({ spec, metadata }) => selectsPods(spec.selector, metadata, pod))
    .flatMap(({ spec }) => spec.ports ?? [])
    .filter((servicePort) => servicePort.port === port)
    .map(({ targetPort }) => targetPort);
  return targets.find((target) => typeof target === "number") ?? port;
}
