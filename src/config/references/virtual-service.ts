import type { Table } from "../../base/table/table.js";
import { asMeant, didYouMean } from "../../base/text/closest-word.js";
import type { Finding, Path } from "../kind.js";
import type { Destination } from "../kinds/networking/virtual-service/destination.js";
import { gatewayKey } from "../kinds/networking/virtual-service/gateway-names.js";
import type { ResourceOf } from "../kinds.js";
import { REFERENCE_CODE, type References } from "./dangling.js";
import { findHost, type HostRegistry, meantHost } from "./host-registry.js";
import { type RuleSubsets, type SubsetRegistry, subsetsOf } from "./subset-registry.js";

/** What a VirtualService may refer to, beside subsets. */
export interface RoutingNames {
  readonly hosts: HostRegistry;
  /** The Gateways that there are, by `namespace/name`. */
  readonly gateways: Table<true>;
  /** The VirtualServices that there are, by `namespace/name`. */
  readonly virtualServices: Table<true>;
}

type VirtualService = ResourceOf<"VirtualService">;

/** The name of the sidecars among the gateways. */
const MESH = "mesh";

interface PlacedDestination {
  readonly destination: Destination;
  readonly path: Path;
}

/** A subset of a host that there is. */
interface NamedSubset {
  /** The full name. */
  readonly host: string;
  readonly subset: string;
  readonly path: Path;
}

/** What is known of a VirtualService's references without the subsets that there are. */
export interface RouteReferences {
  /** The namespaces from which it may see what it refers to. */
  readonly viewers: readonly string[];
  /** Destinations whose host does not exist. */
  readonly destinations: readonly Finding[];
  readonly subsets: readonly NamedSubset[];
  /** Gateways and delegates that do not exist. */
  readonly others: readonly Finding[];
}

/** What a VirtualService refers to; undefined when nothing can be wrong with that, whatever subsets there are. */
export function routeReferences(
  resource: VirtualService,
  names: RoutingNames,
): RouteReferences | undefined {
  const { namespace } = resource.metadata;
  const viewers = viewersOf(resource);
  const destinations: Finding[] = [];
  const subsets: NamedSubset[] = [];
  for (const { destination, path } of destinationsOf(resource)) {
    const host = findHost(names.hosts, destination.host, namespace, viewers);
    if (host === undefined) {
      destinations.push(noHost(destination.host, [...path, "host"], namespace, names));
    } else if (destination.subset !== undefined && destination.subset !== "") {
      subsets.push({ host, subset: destination.subset, path: [...path, "subset"] });
    }
  }
  const others = [...gatewaysOf(resource), ...delegatesOf(resource)].flatMap((reference) =>
    checkName(reference, namespace, names),
  );
  if (destinations.length + subsets.length + others.length === 0) return undefined;
  return { viewers, destinations, subsets, others };
}

/** Its own namespace, and those of its gateways: what may be called through a gateway alone is exported to that one. */
function viewersOf({ metadata, spec }: VirtualService): readonly string[] {
  const gateways = (spec.gateways ?? []).filter((name) => name !== MESH);
  const places = gateways.map((name) => gatewayKey(name, metadata.namespace).split("/")[0] ?? "");
  return [...new Set([metadata.namespace, ...places])];
}

/** A host whose subsets VirtualServices refer to, and that has some. */
export interface ReferredHost {
  /** By `namespace/name`. */
  readonly users: Table<RouteReferences>;
  readonly rules: Table<RuleSubsets>;
}

/**
 * The references of a VirtualService that lead nowhere: destinations without host or subset, which hold it back, because
 * requests would be answered with an error; gateways and delegates, which only do nothing. undefined when there are none.
 */
export function danglingReferences(
  { viewers, destinations, subsets, others }: RouteReferences,
  hosts: Table<ReferredHost> | undefined,
  wildcards: SubsetRegistry["wildcards"],
): References | undefined {
  const missing = subsets.flatMap((one) => {
    const rules = hosts?.get(one.host)?.rules;
    return checkSubset(one, subsetsOf(rules, wildcards, { host: one.host, viewers }));
  });
  const findings = [...destinations, ...missing, ...others];
  if (findings.length === 0) return undefined;
  return { findings, isHeldBack: destinations.length + missing.length > 0 };
}

function* destinationsOf({ spec }: VirtualService): Iterable<PlacedDestination> {
  const { http = [], tcp = [], tls = [] } = spec;
  for (const [i, { route = [], mirror, mirrors = [] }] of http.entries()) {
    yield* placed(route, ["spec", "http", i, "route"]);
    if (mirror !== undefined) {
      yield { destination: mirror, path: ["spec", "http", i, "mirror"] };
    }
    yield* placed(mirrors, ["spec", "http", i, "mirrors"]);
  }
  for (const [i, { route = [] }] of tcp.entries()) {
    yield* placed(route, ["spec", "tcp", i, "route"]);
  }
  for (const [i, { route = [] }] of tls.entries()) {
    yield* placed(route, ["spec", "tls", i, "route"]);
  }
}

function placed(
  list: readonly { readonly destination: Destination }[],
  path: Path,
): readonly PlacedDestination[] {
  return list.map(({ destination }, i) => ({ destination, path: [...path, i, "destination"] }));
}

function noHost(host: string, path: Path, namespace: string, { hosts }: RoutingNames): Finding {
  const meant = meantHost(hosts, host, namespace);
  const guess =
    meant === undefined ? didYouMean(host, servicesOf(hosts, namespace)) : asMeant(meant);
  const message = `host "${host}" is no Service and no host of a ServiceEntry that namespace ${namespace} sees${guess}`;
  return { path, code: REFERENCE_CODE, message };
}

function checkSubset(
  { host, subset, path }: NamedSubset,
  names: readonly string[],
): readonly Finding[] {
  if (names.includes(subset)) return [];
  const message = `no DestinationRule of host "${host}" has a subset "${subset}"${didYouMean(subset, names)}`;
  return [{ path, code: REFERENCE_CODE, message }];
}

/** Beyond this number of services the search for a similar name would cost more than it is worth. */
const MAX_GUESSES = 200;

function servicesOf({ services }: HostRegistry, namespace: string): readonly string[] {
  if (services.size > MAX_GUESSES) return [];
  const own = [...services.keys()].filter((key) => key.startsWith(`${namespace}/`));
  return own.map((key) => key.slice(namespace.length + 1)).sort();
}

interface PlacedName {
  readonly kind: "Gateway" | "VirtualService";
  readonly name: string;
  /** `namespace/name`. */
  readonly key: string;
  readonly path: Path;
}

function* gatewaysOf({ metadata, spec }: VirtualService): Iterable<PlacedName> {
  const place = (names: readonly string[], path: Path): readonly PlacedName[] =>
    names.map((name, i) => {
      const key = gatewayKey(name, metadata.namespace);
      return { kind: "Gateway", name, key, path: [...path, i] };
    });
  yield* place(spec.gateways ?? [], ["spec", "gateways"]);
  for (const protocol of ["http", "tcp", "tls"] as const) {
    for (const [i, { match = [] }] of (spec[protocol] ?? []).entries()) {
      for (const [j, { gateways = [] }] of match.entries()) {
        yield* place(gateways, ["spec", protocol, i, "match", j, "gateways"]);
      }
    }
  }
}

function* delegatesOf({ metadata, spec }: VirtualService): Iterable<PlacedName> {
  for (const [i, { delegate }] of (spec.http ?? []).entries()) {
    const { name, namespace = metadata.namespace } = delegate ?? {};
    if (name === undefined) continue;
    const path = ["spec", "http", i, "delegate", "name"];
    yield { kind: "VirtualService", name, key: `${namespace}/${name}`, path };
  }
}

function checkName(
  { kind, name, key, path }: PlacedName,
  namespace: string,
  { gateways, virtualServices }: RoutingNames,
): readonly Finding[] {
  const table = kind === "Gateway" ? gateways : virtualServices;
  if ((kind === "Gateway" && name === MESH) || table.has(key)) return [];
  const own = [...table.keys()].filter((other) => other.startsWith(`${namespace}/`));
  const guess = didYouMean(
    name,
    own.slice(0, MAX_GUESSES).map((other) => other.slice(namespace.length + 1)),
  );
  const message = `there is no ${kind} "${key}"${guess}`;
  return [{ path, code: REFERENCE_CODE, message }];
}
