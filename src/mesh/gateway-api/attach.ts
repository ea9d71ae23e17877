/** Attaches routes of the Gateway API to the parents that they name: listeners, Services and ServiceEntries. */
import { Table } from "../../base/table/table.js";
import { attachmentsOf } from "../../config/gateway-api/attachment.js";
import { mayUseBackend } from "../../config/gateway-api/grants.js";
import { gatewayKeyOf } from "../../config/gateway-api/listener.js";
import type { Listeners } from "../../config/gateway-api/listeners.js";
import {
  type RouteHead,
  type RouteKind,
  type RouteResource,
  routeHead,
} from "../../config/gateway-api/routes.js";
import { type ParentReference, parentType } from "../../config/kinds/gateway-api/parents.js";
import type { ResourceOf } from "../../config/kinds.js";
import { keyOf } from "../../config/resource.js";
import { compareSpecificity } from "../hostname.js";
import type { AttachedRoute, ListenerParent, MadeRules, MeshParent } from "./attached-route.js";
import type { BackendContext } from "./backend.js";
import { tcpRouteRules, tlsRouteRules } from "./connection-rule.js";
import { grpcRouteRules } from "./grpc-rule.js";
import { httpRouteRules } from "./http-rule.js";

/** The listeners that routes can be attached to, and the grants that say which backends they may use. */
export interface AttachContext {
  readonly listeners: Listeners["parents"];
  readonly grants: Table<ResourceOf<"ReferenceGrant">>;
}

/** Reads the rules of a kind of route; those of TLSRoutes for these server names. */
type ReadRules<K extends RouteKind> = (
  resource: ResourceOf<K>,
  context: BackendContext,
  names: readonly string[],
) => MadeRules;

const READ_RULES: { readonly [K in RouteKind]: ReadRules<K> } = {
  HTTPRoute: (resource, context) => ({
    protocol: "http",
    routes: httpRouteRules(resource, context),
  }),
  GRPCRoute: (resource, context) => ({
    protocol: "http",
    routes: grpcRouteRules(resource, context),
  }),
  TLSRoute: (resource, context, names) => ({
    protocol: "tls",
    routes: tlsRouteRules(resource, names, context),
  }),
  TCPRoute: (resource, context) => ({ protocol: "tcp", routes: tcpRouteRules(resource, context) }),
};

/** A route at each of its parents, under keys of its own. */
export function attachedRoutes<K extends RouteKind>(
  kind: K,
  route: ResourceOf<K> & RouteResource,
  context: AttachContext,
): Table<AttachedRoute> {
  const readRules: ReadRules<K> = READ_RULES[kind];
  const head = routeHead(kind, route);
  const { namespace, creationTimestamp } = route.metadata;
  const { ref, parents } = head;
  const attached: AttachedRoute[] = [];
  for (const parent of meshParents(parents, namespace)) {
    // In the mesh no ReferenceGrant is needed: a caller could call the backend also without the route.
    const backends = { namespace, isGranted: () => true };
    const rules = readRules(route, backends, namesOr(head.hostnames, "*"));
    attached.push({ ref, creationTimestamp, parent, rules });
  }
  const isGranted: BackendContext["isGranted"] = (backend) =>
    mayUseBackend(context.grants, { kind, namespace }, backend);
  for (const parent of listenerParents(head, context)) {
    const rules = readRules(route, { namespace, isGranted }, [parent.host]);
    attached.push({ ref, creationTimestamp, parent, rules });
  }
  return Table.from(attached.map((one, i) => [`${kind} ${keyOf(ref)} ${i}`, one]));
}

const namesOr = (names: readonly string[], other: string): readonly string[] =>
  names.length === 0 ? [other] : names;

/** The Services and ServiceEntries among the parents of a route. */
function meshParents(
  parents: readonly ParentReference[],
  routeNamespace: string,
): readonly MeshParent[] {
  return parents.flatMap((parent): readonly MeshParent[] => {
    const kind = parentType(parent);
    if (kind !== "Service" && kind !== "ServiceEntry") return [];
    const { name, namespace = routeNamespace } = parent;
    return [{ kind, key: `${namespace}/${name}`, reference: parent }];
  });
}

/** The hosts at the listeners that take a route, each once: as a part of the closest of the route's own. */
function listenerParents(head: RouteHead, { listeners }: AttachContext): readonly ListenerParent[] {
  const parents = new Map<string, ListenerParent>();
  for (const { listener, hosts } of attachmentsOf(head, listeners).attached) {
    const key = gatewayKeyOf(listener);
    for (const { host, own } of hosts) {
      const known = parents.get(`${key} ${host}`);
      if (known !== undefined && compareSpecificity(known.own, own) <= 0) continue;
      parents.set(`${key} ${host}`, { kind: "KubernetesGateway", key, host, own });
    }
  }
  return [...parents.values()];
}
