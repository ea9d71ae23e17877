/** VirtualServices that leave routes to others, their delegates. See Istio, Delegate. */
import type { Engine } from "../../base/engine/engine.js";
import { Table } from "../../base/table/table.js";
import type { Destination } from "../../config/kinds/networking/virtual-service/destination.js";
import type { HTTPMatchRequest } from "../../config/kinds/networking/virtual-service/http-match.js";
import type { HTTPRoute } from "../../config/kinds/networking/virtual-service/http-route.js";
import type { ResourceOf } from "../../config/kinds.js";
import { keyOf, refOf } from "../../config/resource.js";
import { isVisible, parseExportTo } from "../../config/visibility.js";
import { type HostResolver, resolveHost } from "../host-resolver.js";
import { mergeMatches } from "./delegated-match.js";
import {
  type DelegatedSpec,
  resolveGateway,
  type VirtualServiceContext,
} from "./virtual-service.js";

type Resource = ResourceOf<"VirtualService">;

/** A root VirtualService and one of its delegates. */
interface Link {
  readonly root: string;
  readonly delegate: string;
  readonly resource: Resource;
}

/** The keys (`namespace/name`) of the VirtualServices that a root leaves routes to. */
function delegateKeys({ metadata, spec }: Resource): readonly string[] {
  const keys = (spec.http ?? []).flatMap((route) => delegateKey(route, metadata.namespace) ?? []);
  return (spec.hosts ?? []).length === 0 ? [] : [...new Set(keys)];
}

function delegateKey({ delegate }: HTTPRoute, rootNamespace: string): string | undefined {
  if (delegate === undefined) return undefined;
  const { name = "", namespace = "" } = delegate;
  return keyOf({ namespace: namespace === "" ? rootNamespace : namespace, name });
}

/**
 * What the VirtualServices with delegates say, the delegates' routes in the place of those that were left to them; by
 * `namespace/name`, and nothing for the others. A route whose delegate is not there, or is not exported to the root's
 * namespace, is left out.
 */
export function createDelegation(
  engine: Engine,
): (all: Table<Resource>, context: VirtualServiceContext) => Table<DelegatedSpec> {
  const rootsByDelegate = engine.group<Resource>("roots by delegate", delegateKeys);
  const links = engine.derive<[Table<Resource>, Resource], [], Table<Link>>(
    "delegates of roots",
    (delegate, [roots, resource]) => {
      const isDelegate = resource !== undefined && (resource.spec.hosts ?? []).length === 0;
      if (roots === undefined || !isDelegate) return undefined;
      const found = [...roots.keys()].map((root) => ({ root, delegate, resource }));
      return Table.from(found.map((link) => [`${link.root} ${delegate}`, link] as const));
    },
  );
  const linkOf = engine.flatten<Link>("delegates by root and name");
  const byRoot = engine.group<Link>("delegates by root", ({ root }) => [root]);
  const merged = engine.derive<
    [Resource, Table<Link>],
    [HostResolver, readonly string[]],
    DelegatedSpec
  >("routes with delegates", (_key, [root, found], resolver, exportTo) => {
    if (root === undefined || delegateKeys(root).length === 0) return undefined;
    const delegates = new Map(
      [...(found ?? Table.empty<Link>()).values()].map((link) => [link.delegate, link.resource]),
    );
    return withDelegates(root, delegates, { resolver, exportTo });
  });
  return (all, { resolver, exportTo }) => {
    const found = byRoot(linkOf(links([rootsByDelegate(all), all])));
    return merged([all, found], resolver, exportTo);
  };
}

function withDelegates(
  { metadata, spec }: Resource,
  delegates: ReadonlyMap<string, Resource>,
  { resolver, exportTo }: VirtualServiceContext,
): DelegatedSpec {
  const routes = (spec.http ?? []).flatMap((route, index) => {
    const key = delegateKey(route, metadata.namespace);
    if (key === undefined) return [{ route, origin: { index } }];
    const delegate = delegates.get(key);
    if (delegate === undefined) return [];
    const { namespace } = delegate.metadata;
    const left = { ...route, ...matchesAtGateways(route, metadata.namespace) };
    const visibility = parseExportTo(delegate.spec.exportTo, namespace, exportTo);
    if (!isVisible(visibility, metadata.namespace)) return [];
    return (delegate.spec.http ?? []).flatMap((own, ownIndex) => {
      const origin = { index, delegate: { ref: refOf(delegate), index: ownIndex } };
      const merged = merge(left, withWholeNames(own, namespace, resolver));
      return merged.map((one) => ({ route: one, origin }));
    });
  });
  return {
    spec: { ...spec, http: routes.map(({ route }) => route) },
    origins: routes.map(({ origin }) => origin),
  };
}

/** A delegate's route for the requests that the root's takes; none when no request can be both. */
function merge(root: HTTPRoute, own: HTTPRoute): readonly HTTPRoute[] {
  const match = mergeMatches(root.match ?? [], own.match ?? []);
  if (match === undefined) return [];
  const { delegate: _delegate, name: rootName = "", ...inherited } = root;
  const { name: ownName = "", ...decided } = own;
  const name = [rootName, ownName].filter((part) => part !== "").join("-");
  return [{ ...inherited, ...decided, match, ...(name === "" ? {} : { name }) }];
}

/** The matches of a route with the whole names of their gateways: the root and its delegate may be of two namespaces. */
function matchesAtGateways({ match }: HTTPRoute, namespace: string): Pick<HTTPRoute, "match"> {
  const whole = (one: HTTPMatchRequest): HTTPMatchRequest =>
    one.gateways === undefined
      ? one
      : { ...one, gateways: one.gateways.map((gateway) => resolveGateway(gateway, namespace)) };
  return match === undefined ? {} : { match: match.map(whole) };
}

/** A route that names destinations and gateways in full: those of a delegate are short for its namespace, not the root's. */
function withWholeNames(route: HTTPRoute, namespace: string, resolver: HostResolver): HTTPRoute {
  const whole = (destination: Destination): Destination => ({
    ...destination,
    host: resolveHost(destination.host, namespace, resolver),
  });
  const wholeIn = <T extends { readonly destination: Destination }>(all: readonly T[]): T[] =>
    all.map((one) => ({ ...one, destination: whole(one.destination) }));
  return {
    ...route,
    ...matchesAtGateways(route, namespace),
    ...(route.route === undefined ? {} : { route: wholeIn(route.route) }),
    ...(route.mirror === undefined ? {} : { mirror: whole(route.mirror) }),
    ...(route.mirrors === undefined ? {} : { mirrors: wholeIn(route.mirrors) }),
  };
}
