/** The names by which applications find hosts where their proxy answers DNS. See Istio, BuildNameTable. */
import { type Engine, sameElements } from "../../base/engine/engine.js";
import type { Table } from "../../base/table/table.js";
import { isIpAddress } from "../../config/kinds/value/dns-names.js";
import { isWildcard } from "../hostname.js";
import { isHttp, isTls, listenerProtocol } from "../service/protocol.js";
import { isCalledByWorkload, isHeadless, type Service } from "../service/service.js";
import { serviceKey } from "../workload/service-endpoints.js";
import type { Workload } from "../workload/workload.js";
import type { HostView } from "./host-view.js";

/** A name and what it leads to. */
export interface NamedHost {
  readonly hostname: string;
  /** IP addresses; none where callers find the host at an address of their own proxy. */
  readonly addresses: readonly string[];
  /** What of the name is left without the suffixes that all of its namespace share; undefined of one without short names. */
  readonly short: { readonly name: string; readonly namespace: string } | undefined;
}

/** How callers find hosts. */
export interface NamingScope {
  /** Their connections are captured, so that each host may have an address of its own. */
  readonly captured: boolean;
  /** The addresses by which they know a service. */
  readonly addressesOf: (service: Service) => readonly string[];
}

const NO_WORKLOADS: readonly Workload[] = [];

/** The names of a service; none where nobody could tell by an address that it is meant. */
function namedHosts(
  service: Service,
  workloads: readonly Workload[],
  { captured, addressesOf }: NamingScope,
): readonly NamedHost[] {
  const pods = isCalledByWorkload(service)
    ? workloads.filter(({ address }) => isIpAddress(address))
    : [];
  if (!captured) return namesAtProxy(service, pods);
  const own = pods.length > 0 ? pods.map(({ address }) => address) : addressesOf(service);
  const addresses = own.filter(isIpAddress);
  if (addresses.length === 0) return [];
  const members = isHeadless(service)
    ? pods.flatMap((pod) => podName(service, pod, [pod.address]))
    : [];
  return [{ ...wholeName(service), addresses: [...new Set(addresses)] }, ...members];
}

/**
 * The names of a service for callers that find it at an address of their own proxy. There a pod is known by the host of
 * requests alone: where other bytes are carried too, its name would lead to any pod. The hosts of a wildcard are known by
 * that, or by the server name of TLS; a wildcard of all hosts would take each question from the resolvers of the host.
 */
function namesAtProxy(service: Service, pods: readonly Workload[]): readonly NamedHost[] {
  const carried = service.ports.filter(({ protocol }) => protocol !== "UDP");
  const whole = wholeName(service);
  if (carried.length === 0) return [];
  if (isWildcard(whole.hostname)) {
    const sayName = carried.every(({ protocol }) => isHttp(protocol) || isTls(protocol));
    return sayName && whole.hostname !== "*" ? [{ ...whole, addresses: [] }] : [];
  }
  const sayHost = carried.every(({ protocol }) => listenerProtocol(protocol) === "http");
  const members =
    isHeadless(service) && sayHost ? pods.flatMap((pod) => podName(service, pod, [])) : [];
  return [{ ...whole, addresses: [] }, ...members];
}

/** The name of a service itself. Who asks for a host may write it as the one does who declares it. */
const wholeName = ({
  kubernetes,
  hostname,
  name,
  namespace,
}: Service): Omit<NamedHost, "addresses"> =>
  kubernetes ? { hostname, short: { name, namespace } } : { hostname: name, short: undefined };

/** `database-0.database.default.svc.cluster.local`, of a workload that has a name. */
function podName(
  { hostname, name, namespace }: Service,
  pod: Workload,
  addresses: readonly string[],
): readonly NamedHost[] {
  if (pod.name === "") return [];
  const short = { name: `${pod.name}.${name}`, namespace };
  return [{ hostname: `${pod.name}.${hostname}`, addresses, short }];
}

const sameNames = (a: readonly NamedHost[], b: readonly NamedHost[]): boolean =>
  a.length === b.length &&
  a.every((one, i) => {
    const other = b[i];
    return (
      one.hostname === other?.hostname &&
      sameElements(one.addresses, other.addresses) &&
      one.short?.name === other.short?.name &&
      one.short?.namespace === other.short?.namespace
    );
  });

/** The names of the hosts that some callers see, by hostname. */
export type HostNames = Table<readonly NamedHost[]>;

/** The builder of the names of some hosts. */
export function createHostNames(
  engine: Engine,
): (
  views: Table<HostView>,
  endpoints: Table<Table<readonly Workload[]>>,
  scope: NamingScope,
) => HostNames {
  const derive = engine.lookUp<
    HostView,
    [Table<readonly Workload[]>],
    [NamingScope],
    readonly NamedHost[]
  >(
    "names of hosts",
    (_host, [{ service }, workloads], scope) => {
      if (service === undefined) return undefined;
      const names = namedHosts(service, workloads?.get(serviceKey(service)) ?? NO_WORKLOADS, scope);
      return names.length === 0 ? undefined : names;
    },
    sameNames,
  );
  return (views, endpoints, scope) => derive([views, endpoints], scope);
}
