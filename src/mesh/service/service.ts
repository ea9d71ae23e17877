/** What can be called by name, whatever declares it: a Kubernetes Service or a ServiceEntry. */
import { sameElements } from "../../base/engine/engine.js";
import type { Table } from "../../base/table/table.js";
import type { Path } from "../../config/kind.js";
import type { ResourceRef } from "../../config/resource.js";
import type { Visibility } from "../../config/visibility.js";
import { isWildcard } from "../hostname.js";
import { carriesRequests, isTls, listenerProtocol, type Protocol } from "./protocol.js";
import type { TrafficDistribution } from "./traffic-distribution.js";

/** Addresses that lead nowhere, one of each family, by which connections to a host can be told apart. */
export interface AllocatedAddresses {
  readonly ipv4: string;
  readonly ipv6: string;
}

/** One port of a service. */
export interface ServicePort {
  /** The port that callers use. */
  readonly number: number;
  readonly name: string;
  readonly protocol: Protocol;
  /** The port on which the workloads listen: a number, or the name of a container port. */
  readonly targetPort: number | string;
  /** Which of the ports of the resource it is, from 0; absent from one that no resource lists. */
  readonly index?: number;
  /** That resource, where it is not the one that made the service. */
  readonly source?: ResourceRef;
}

/**
 * How the endpoints of a service are found: `static` are told by the control plane, `dns` are all addresses of the
 * endpoints' names, `dns-round-robin` one of them at a time, `none` means that callers already know the address, and `dynamic-dns`
 * that they look up each name that the host stands for when it is called.
 */
export type Resolution = "static" | "dns" | "dns-round-robin" | "dynamic-dns" | "none";

/** An endpoint that the service's own resource lists (ServiceEntry.endpoints). */
export interface StaticEndpoint {
  readonly address: string;
  readonly ports: Readonly<Record<string, number>>;
  /** It serves none but these ports, not those of the service that have no port of its own. */
  readonly noOtherPorts?: boolean;
  readonly labels: Readonly<Record<string, string>>;
  readonly serviceAccount: string;
  readonly locality: string;
  readonly network: string;
  readonly weight: number | undefined;
}

/** Something that can be called by name: a Kubernetes Service, or one host of a ServiceEntry. */
export interface Service {
  readonly hostname: string;
  readonly namespace: string;
  /** The resource's own name, `payments` of `payments.default.svc.cluster.local`; the host for a ServiceEntry. */
  readonly name: string;
  /** Whether a Kubernetes Service made it: only those have short names. */
  readonly kubernetes: boolean;
  /** The resource that made it. */
  readonly source: ResourceRef;
  readonly creationTimestamp: string;
  /** Virtual IP addresses and CIDR blocks; none means that a call may carry any address. */
  readonly addresses: readonly string[];
  /** The addresses under which proxies that answer DNS know a service that has none; undefined when it gets none. */
  readonly allocated?: AllocatedAddresses;
  readonly ports: readonly ServicePort[];
  readonly resolution: Resolution;
  /** Outside the mesh: no mutual TLS. */
  readonly external: boolean;
  /** Labels that a workload of the service's namespace must have; undefined when the service selects nothing. */
  readonly selector: Readonly<Record<string, string>> | undefined;
  readonly endpoints: readonly StaticEndpoint[];
  readonly exportTo: Visibility;
  /** SPIFFE identities that the servers may have, beyond those of the workloads. */
  readonly subjectAltNames: readonly string[];
  /** A file with the roots that its servers' certificates lead to, where these are not those of the operating system. */
  readonly serverRoots?: string;
  /** `namespace/account` of servers, beyond those of the workloads; none when absent. */
  readonly serviceAccounts?: readonly string[];
  /** Which endpoints callers prefer by themselves, whatever they find out of their health. */
  readonly distribution: TrafficDistribution;
  /** Callers call endpoints of their own node alone. */
  readonly nodeLocal?: boolean;
  /** Calls of one client go to one endpoint, where no rule says how an endpoint is chosen. */
  readonly sessionAffinity?: "client-ip";
  /** Endpoints count before they are ready. */
  readonly publishNotReady: boolean;
  readonly labels: Readonly<Record<string, string>>;
  /** The host in the mesh that this is another name of. */
  readonly aliasOf?: string;
  /** Of another name: which of the ports it says itself that it has. */
  readonly ownPorts?: readonly number[];
}

/** Where a port of a service is written. */
export function portPart(
  service: Pick<Service, "source">,
  { index, source }: Pick<ServicePort, "index" | "source">,
): { readonly ref: ResourceRef; readonly path: Path } {
  return {
    ref: source ?? service.source,
    path: index === undefined ? [] : ["spec", "ports", index],
  };
}

/** The ports of a host, of all services of that name together. */
export interface HostPorts {
  /** Its port, when each of its services has just that one. */
  readonly only: number | undefined;
  /** Its services where it is for some of them that they have just one port, or another one; undefined where all are alike. */
  readonly apart: Table<Service> | undefined;
  /** Those that carry requests, or may. */
  readonly forRequests: readonly number[];
  /** Those in the mesh whose protocol is not declared. */
  readonly undeclared: readonly number[];
  /** Its services where callers of one of them look it up when they call it; undefined where none do. */
  readonly lookedUp: Table<Service> | undefined;
  /** The host that it is another name of. */
  readonly aliasOf: string | undefined;
}

/** By the port that callers use: the one that is called. */
export type LookedUpPorts = ReadonlyMap<number, number>;

/** Whether some callers look the hosts of a service up when they call them. */
export const mayBeLookedUp = (service: Service): boolean =>
  service.resolution === "dynamic-dns" || isKnownToCallers(service);

/** Whether a service is all hosts of a wildcard, whose callers know the addresses. */
const isKnownToCallers = ({ kubernetes, resolution, hostname, selector }: Service): boolean =>
  resolution === "none" && !kubernetes && isWildcard(hostname) && selector === undefined;

/**
 * Where the hosts of a service are called that are looked up when they are called; empty of others. Callers `byName` tell
 * their proxy no addresses, as their connections are not captured: they have all hosts of a wildcard looked up that name
 * themselves, by HTTP or TLS.
 */
export function lookedUpPorts(service: Service, byName: boolean): LookedUpPorts {
  const { resolution, ports } = service;
  const called = (some: readonly ServicePort[]): LookedUpPorts =>
    new Map(some.map(({ number, targetPort }) => [number, Number(targetPort)]));
  if (resolution === "dynamic-dns") return called(ports);
  if (!byName || !isKnownToCallers(service)) return NO_PORTS;
  return called(
    ports.filter(({ protocol }) => listenerProtocol(protocol) === "http" || isTls(protocol)),
  );
}

const NO_PORTS: LookedUpPorts = new Map();

/**
 * Whether connections to a service are told apart by where they are addressed: to an address of its own, or to one of its
 * workloads; a block of addresses is none.
 */
export function hasOwnAddress(
  service: Pick<Service, "kubernetes" | "resolution" | "addresses" | "selector">,
): boolean {
  return service.addresses.some((address) => !address.includes("/")) || isCalledByWorkload(service);
}

/** Whether a service says itself that it has a port, and is not another name of one that does. */
export const isOwnPort = (
  { aliasOf, ports, ownPorts = [] }: Pick<Service, "aliasOf" | "ports" | "ownPorts">,
  port: number,
): boolean =>
  aliasOf === undefined ? ports.some(({ number }) => number === port) : ownPorts.includes(port);

/** The ports of the services of a host. */
export function hostPorts(services: Table<Service>): HostPorts {
  const all = [...services.values()];
  const onlyPorts = new Set(all.map(onlyPort));
  const carrying = all.flatMap((one) =>
    one.ports.filter((port) => carriesRequests(port.protocol) && isOwnPort(one, port.number)),
  );
  const undeclared = all.flatMap((one) => one.ports.filter((port) => isUndeclared(one, port)));
  return {
    only: onlyPorts.size === 1 ? [...onlyPorts][0] : undefined,
    apart: onlyPorts.size > 1 ? services : undefined,
    forRequests: numbersOf(carrying),
    undeclared: numbersOf(undeclared),
    lookedUp: all.some(mayBeLookedUp) ? services : undefined,
    aliasOf: all.find((one) => one.aliasOf !== undefined)?.aliasOf,
  };
}

/** The port of a service that has just one. */
export function onlyPort({ ports }: Pick<Service, "ports">): number | undefined {
  const numbers = new Set(ports.map(({ number }) => number));
  return numbers.size === 1 ? [...numbers][0] : undefined;
}

/** Whether callers in the mesh find out of what protocol a port is: it is called both for HTTP and for bytes. */
export const isUndeclared = (
  { external }: Pick<Service, "external">,
  { protocol }: Pick<ServicePort, "protocol">,
): boolean => listenerProtocol(protocol) === "auto" && !external;

const numbersOf = (ports: readonly ServicePort[]): readonly number[] => [
  ...new Set(ports.map(({ number }) => number)),
];

/** Whether the ports of a host are the same. */
export const sameHostPorts = (a: HostPorts, b: HostPorts): boolean =>
  a.only === b.only &&
  a.apart === b.apart &&
  sameElements(a.forRequests, b.forRequests) &&
  sameElements(a.undeclared, b.undeclared) &&
  a.lookedUp === b.lookedUp &&
  a.aliasOf === b.aliasOf;

/** Whether callers know a service by the addresses of its pods, which have names below its own: `database-0.database`. */
export function isHeadless({ kubernetes, resolution }: Service): boolean {
  return kubernetes && resolution === "none";
}

/**
 * Whether callers know a service by the addresses of its workloads, for want of an address of its own. See Istio,
 * ListenerBuilder.buildSidecarOutboundListeners.
 */
export function isCalledByWorkload({
  kubernetes,
  resolution,
  addresses,
  selector,
}: Pick<Service, "kubernetes" | "resolution" | "addresses" | "selector">): boolean {
  return resolution === "none" && addresses.length === 0 && (kubernetes || selector !== undefined);
}
