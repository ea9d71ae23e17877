/** Where the requests of an application go, which its sidecar routes. */
import { targetOf } from "./destination-rules.js";
import { common, complete, covers, hostOf, mostSpecific, namesOf } from "./hosts.js";
import { firstRule, gatewaysOf, rulesFor } from "./http-rules.js";
import {
  byAge,
  type Caller,
  type HttpRequest,
  type IstioEgressListener,
  type VirtualService,
  type World,
} from "./objects.js";
import { unruled, type Verdict, verdictOf } from "./verdict.js";
import {
  importedHosts,
  importedNames,
  isExported,
  isPublic,
  type KnownHost,
  namesThrough,
  outboundMode,
} from "./visibility.js";

/** The hosts of a VirtualService, in full. */
export const hostsOf = ({ metadata, spec }: VirtualService): readonly string[] =>
  (spec.hosts ?? []).map((host) => complete(host, metadata.namespace));

/**
 * The VirtualServices that are exported to a caller. "The cross-resource order is UNDEFINED": here that goes first which
 * fewer see, of those the caller's own, then the oldest.
 */
export function exportedVirtualServices(world: World, caller: Caller): readonly VirtualService[] {
  const rank = ({ metadata, spec }: VirtualService): number => {
    if (isPublic(spec.exportTo)) return 2;
    return metadata.namespace === caller.namespace ? 0 : 1;
  };
  return world.virtualServices
    .filter(({ metadata, spec }) => isExported(spec.exportTo, metadata.namespace, caller.namespace))
    .sort((a, b) => rank(a) - rank(b) || byAge(a, b));
}

/** Those for calls in the mesh that name a host, or some hosts, of names that are imported. */
function importedVirtualServices(
  world: World,
  caller: Caller,
  namesOfNamespace: (namespace: string) => readonly string[],
): readonly VirtualService[] {
  return exportedVirtualServices(world, caller)
    .filter((one) => gatewaysOf(one).includes("mesh"))
    .filter((one) =>
      namesOfNamespace(one.metadata.namespace).some((name) =>
        hostsOf(one).some((host) => common(name, host) !== undefined),
      ),
    );
}

/** Those for calls in the mesh that a Sidecar imports. */
const meshVirtualServices = (world: World, caller: Caller): readonly VirtualService[] =>
  importedVirtualServices(world, caller, (one) => importedNames(world, caller, one));

/** Those of them that it imports through one of its listeners. */
export const virtualServicesThrough = (
  world: World,
  caller: Caller,
  egress: IstioEgressListener,
): readonly VirtualService[] =>
  importedVirtualServices(world, caller, (one) => namesThrough(egress, caller, one));

/**
 * The VirtualService for the host of a service: of those that name it the first that has a rule for the caller; where none
 * names it, one of the most specific wildcard. Without such a rule the service is called as if there were none of them.
 */
function virtualServiceFor(
  host: string,
  all: readonly VirtualService[],
  hasRules: (one: VirtualService) => boolean,
): VirtualService | undefined {
  const closest = mostSpecific(host, all.flatMap(hostsOf));
  const candidates = all.filter((one) => hostsOf(one).some((name) => name === closest));
  return (closest === host ? candidates : candidates.slice(0, 1)).find(hasRules);
}

const takesRequests = ({ ports }: KnownHost, port: number): boolean =>
  ports.some(({ number, carries }) => number === port && carries === "http");

/**
 * The hosts that only a VirtualService gives a port. "HTTP routes will be applied to platform service ports using HTTP"; of
 * other names the documentation says nothing. They are called on the ports of the services among the hosts beside them, and
 * on 80; a wildcard of which services have hosts on a port stands for these alone there.
 */
function ownHosts(
  virtualService: VirtualService,
  known: readonly KnownHost[],
  port: number,
): readonly string[] {
  const hosts = hostsOf(virtualService);
  const here = known.filter((one) => takesRequests(one, port));
  const isCalled = port === 80 || here.some(({ host }) => hosts.includes(host));
  return isCalled ? hosts.filter((host) => here.every((one) => !covers(host, one.host))) : [];
}

/** The host that a name means to a caller: one of a service by any of its names, one in full, or by a wildcard. */
function hostMeant(
  name: string,
  caller: Caller,
  services: readonly string[],
  others: readonly string[],
): string | undefined {
  const service = services.find((host) => namesOf(host, caller.namespace).includes(name));
  const other = others.find((host) => host === name || `${host}.` === name);
  const wildcards = [...services, ...others].filter((host) => host.startsWith("*"));
  return service ?? other ?? mostSpecific(name, wildcards);
}

/** What becomes of a request of an application. */
export function fromSidecar(
  world: World,
  caller: Caller & { readonly readsAllPorts: boolean },
  request: HttpRequest,
): Verdict {
  const { port } = request;
  const imported = importedHosts(world, caller);
  const known = imported.filter((one) => takesRequests(one, port));
  const way = { caller, gateways: ["mesh"], port };
  const hasRules = (one: VirtualService): boolean => rulesFor(world, one, way).length > 0;
  const virtualServices = meshVirtualServices(world, caller);
  const ownOf = (one: VirtualService): readonly string[] =>
    hasRules(one) ? ownHosts(one, imported, port) : [];
  const own = virtualServices.flatMap(ownOf);
  const services = known.map(({ host }) => host);
  // Else nothing reads requests on a port that is no service's for HTTP.
  const isRead = caller.readsAllPorts || known.length > 0;
  const host = isRead ? hostMeant(hostOf(request.authority), caller, services, own) : undefined;
  const service = known.find((one) => one.host === host);
  const virtualService =
    service === undefined
      ? virtualServices.find((one) => ownOf(one).some((name) => name === host))
      : virtualServiceFor(service.host, virtualServices, hasRules);
  if (virtualService !== undefined) {
    const bound = [{ virtualService, gateways: way.gateways }];
    const call = { caller, request };
    return verdictOf(world, firstRule(world, bound, call), call);
  }
  const target = service && targetOf(world, service, port);
  if (target !== undefined) return unruled(target, request);
  const mode = outboundMode(world, caller);
  return mode === "ALLOW_ANY" ? { is: "passed through" } : { is: "blocked" };
}
