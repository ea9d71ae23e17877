/** Istio's Gateways: which workloads serve one, on which ports, and which hosts its servers are for. */
import type { Table } from "../../base/table/table.js";
import { type Server, serverPort } from "../../config/kinds/networking/gateway.js";
import { keyOf, refOf } from "../../config/resource.js";
import { type Labels, selects } from "../labels.js";
import { type GatewayResource, isOfListener, pathOfPart, servingNamespace } from "../made-of.js";
import { comparePrecedence } from "../precedence.js";
import type { Decision } from "../security/tls-decisions.js";
import { type Protocol, parseProtocol } from "../service/protocol.js";
import type { Service } from "../service/service.js";
import { targetPortOf } from "../workload/service-endpoints.js";
import type { Workload } from "../workload/workload.js";

/** One server of a Gateway, with the port on which a proxy listens for it. */
export interface GatewayServer {
  readonly gateway: GatewayResource;
  /** `namespace/name` of the Gateway, as VirtualServices refer to it. */
  readonly gatewayKey: string;
  readonly server: Server;
  readonly protocol: Protocol;
  /** The port on which the proxy listens: the target port of the Service in front of it, else the server's own. */
  readonly listenPort: number;
  /** The address on which it listens: the server's `bind`, else the proxy's own. */
  readonly address: string;
  /** The `bind` by which its routes are named: servers in plaintext at one address and port go by that of the first. */
  readonly bind: string;
}

/** Where a server is written: what it was made of, where its Gateway is of no file. */
export function serverPart({ gateway, server }: GatewayServer): Decision {
  const [made] = gateway.madeOf ?? [];
  if (made !== undefined) {
    return { ref: made.ref, path: made.path === "" ? [] : pathOfPart(made.path) };
  }
  const index = (gateway.spec.servers ?? []).indexOf(server);
  return { ref: refOf(gateway), path: ["spec", "servers", index] };
}

/** By this annotation a Gateway names the Services whose workloads serve it, by host and with commas between them. */
const GATEWAY_SERVICES = "internal.istio.io/gateway-service";

/** The annotation of a Gateway that names Services in place of a selector. */
export function namedServicesOf(hosts: readonly string[]): Readonly<Record<string, string>> {
  return { [GATEWAY_SERVICES]: hosts.join(",") };
}

/** The Services that a Gateway names in place of a selector; undefined when it names none. */
export function namedServices({ metadata }: GatewayResource): readonly string[] | undefined {
  return metadata.annotations[GATEWAY_SERVICES]?.split(",").map((host) => host.trim());
}

/** Whether a Gateway names a service: only one of the namespace where it is served can be meant. */
const isNamed = (
  gateway: GatewayResource,
  named: readonly string[],
  { hostname, namespace }: Pick<Service, "hostname" | "namespace">,
): boolean => namespace === servingNamespace(gateway) && named.includes(hostname);

/** A workload, as Gateways select it. */
export interface GatewayWorkload {
  readonly namespace: string;
  readonly labels: Labels;
}

/**
 * Whether a Gateway selects a workload: an empty selector selects every one, and that of a listener of the Gateway API those
 * of its Gateway's namespace alone.
 */
export function selectsWorkload(
  gateway: GatewayResource,
  { namespace, labels }: GatewayWorkload,
): boolean {
  if (isOfListener(gateway) && servingNamespace(gateway) !== namespace) return false;
  return namedServices(gateway) === undefined && selects(gateway.spec.selector ?? {}, labels);
}

/** The Gateways that a proxy serves, the one that wins first: those that select it, or that name one of its services. */
export function gatewaysOf(
  gateways: Table<GatewayResource>,
  workload: GatewayWorkload,
  services: readonly Service[],
): readonly GatewayResource[] {
  return [...gateways.values()]
    .filter((gateway) => {
      const named = namedServices(gateway);
      return named === undefined
        ? selectsWorkload(gateway, workload)
        : services.some((service) => isNamed(gateway, named, service));
    })
    .sort(comparePrecedence);
}

/** A Service with this label says nothing of ports: Gateways name those on which the proxy listens. */
export const NO_PORT_TRANSLATION = "experimental.istio.io/disable-gateway-port-translation";

/** A port of a service in front of a proxy, and the port of the proxy that it leads to. */
export interface ServedPort {
  readonly service: Service;
  readonly number: number;
  readonly target: number;
}

/** The ports of the services in front of a proxy; one that leads to no port of the workload is left out. */
export function servedPorts(
  services: readonly Service[],
  workload: Workload,
): readonly ServedPort[] {
  return services.flatMap((service) =>
    service.ports.flatMap((port) => {
      const target = targetPortOf(workload, port);
      return target === undefined ? [] : [{ service, number: port.number, target }];
    }),
  );
}

/**
 * The ports on which a proxy listens for a port of a Gateway. A selector guesses: the target of the first service that has
 * the port, else the port itself. Who names Services means their ports, each target of them, and no others. See Istio,
 * model.resolvePorts.
 */
function listenPorts(
  gateway: GatewayResource,
  port: number,
  served: readonly ServedPort[],
): readonly number[] {
  const leading = served.filter(({ number }) => number === port);
  const named = namedServices(gateway);
  if (named === undefined) {
    const first = leading.find(({ service }) => service.labels[NO_PORT_TRANSLATION] === undefined);
    return [first?.target ?? port];
  }
  const own = leading.filter(({ service }) => isNamed(gateway, named, service));
  return [...new Set(own.map(({ target }) => target))];
}

/**
 * The servers of the Gateways that a proxy serves, in the order of the Gateways and of the servers in each. `addressOf` says
 * where one listens that binds to this.
 */
export function gatewayServers(
  gateways: readonly GatewayResource[],
  served: readonly ServedPort[],
  addressOf: (bind: string) => string,
): readonly GatewayServer[] {
  return gateways.flatMap((gateway) =>
    (gateway.spec.servers ?? []).flatMap((server) => {
      const { bind = "" } = server;
      const place = { address: addressOf(bind), bind };
      const protocol = parseProtocol(server.port.protocol);
      const gatewayKey = keyOf(gateway.metadata);
      return listenPorts(gateway, serverPort(server), served).map(
        (listenPort): GatewayServer => ({
          gateway,
          gatewayKey,
          server,
          protocol,
          listenPort,
          ...place,
        }),
      );
    }),
  );
}

/**
 * A host of a server: `host`, or `namespace/host`, where the namespace is that of the VirtualServices that may bind to it
 * (`*` any, `.` the Gateway's own).
 */
export interface ServerHost {
  readonly namespace: string;
  readonly host: string;
}

/** Reads a server's host; without a namespace any may bind. */
export function parseServerHost(text: string, gatewayNamespace: string): ServerHost {
  const slash = text.indexOf("/");
  if (slash < 0) return { namespace: "*", host: text };
  const namespace = text.slice(0, slash);
  return {
    namespace: namespace === "." ? gatewayNamespace : namespace,
    host: text.slice(slash + 1),
  };
}
