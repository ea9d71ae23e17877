/** Checks what resources of the Gateway API say of others. See Gateway API, the conditions of a status. */
import { isDeepStrictEqual } from "node:util";
import type { Engine } from "../../base/engine/engine.js";
import type { Table } from "../../base/table/table.js";
import type { Listener } from "../gateway-api/listener.js";
import type { ListenerSetResource } from "../gateway-api/listener-sets.js";
import { createListeners, type Listeners } from "../gateway-api/listeners.js";
import { createMeshParents, type MeshParents } from "../gateway-api/mesh-parents.js";
import { type RouteKind, type RouteResource, routeHead } from "../gateway-api/routes.js";
import type { ListenerOwnerKind } from "../kinds/gateway-api/parents.js";
import type { ResourceOf } from "../kinds.js";
import type { ResourceTables } from "../snapshot.js";
import { checkBackendPolicy } from "./backend-policy.js";
import { type References, warnings } from "./dangling.js";
import type { HostRegistry } from "./host-registry.js";
import { checkKubernetesGateway, type GatewayNames } from "./kubernetes-gateway.js";
import { checkListenerSet, type ListenerSetNames } from "./listener-set.js";
import { createNames } from "./resource-names.js";
import { type BackendNames, checkRouteBackends } from "./route-backends.js";
import { checkRouteParents, type ParentNames } from "./route-parents.js";
import type { WorkloadRegistry } from "./workload-registry.js";

/** The kinds of the Gateway API that refer to others. */
type ReferringKind = RouteKind | ListenerOwnerKind | "BackendTLSPolicy";

/** What the check looks at beside the resources themselves. */
interface Known {
  readonly hosts: HostRegistry;
  readonly workloads: WorkloadRegistry;
}

const ROUTE_KINDS: readonly RouteKind[] = ["HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute"];

/** Finds what is wrong with references; a resource is looked at again when it or the names that it may refer to changed. */
export function createGatewayApiCheck(
  engine: Engine,
): (
  tables: ResourceTables,
  known: Known,
) => Readonly<Partial<Record<ReferringKind, readonly Table<References>[]>>> {
  const listenersOf = createListeners(engine);
  const gateways = createGatewayCheck(engine);
  const sets = createListenerSetChecks(engine);
  const ownerNames = createOwnerNames(engine);
  const parentsInMesh = createMeshParents(engine);
  const routes = ROUTE_KINDS.map((kind) => ({ kind, check: createRouteCheck(engine, kind) }));
  const policies = createPolicyCheck(engine);
  const settle = engine.settle<RouteNames>(isSameNames);
  return (tables, { hosts, workloads }) => {
    const referring: readonly ReferringKind[] = [
      ...ROUTE_KINDS,
      "KubernetesGateway",
      "ListenerSet",
      "XListenerSet",
      "BackendTLSPolicy",
    ];
    if (referring.every((kind) => tables[kind].size === 0)) return {};
    const listeners = listenersOf(tables);
    const inMesh = parentsInMesh(tables);
    const names = settle({
      listeners: listeners.parents,
      owners: ownerNames(tables),
      ...inMesh,
      hosts,
      grants: tables.ReferenceGrant,
    });
    const found = routes.map(({ kind, check }) => [kind, [check(tables, names)]] as const);
    return {
      ...Object.fromEntries(found),
      KubernetesGateway: [gateways(tables, listeners.byGateway, { hosts, workloads })],
      ...sets(tables, listeners.parents),
      BackendTLSPolicy: [policies(tables, inMesh)],
    };
  };
}

/** What routes refer to. */
interface RouteNames extends MeshParents {
  readonly listeners: Listeners["parents"];
  readonly owners: ParentNames["owners"];
  readonly hosts: HostRegistry;
  readonly grants: ResourceTables["ReferenceGrant"];
}

const isSameNames = (a: RouteNames, b: RouteNames): boolean =>
  a.listeners === b.listeners &&
  a.owners === b.owners &&
  a.Service === b.Service &&
  a.ServiceEntry === b.ServiceEntry &&
  a.hosts === b.hosts &&
  a.grants === b.grants;

function createRouteCheck(
  engine: Engine,
  kind: RouteKind,
): (tables: ResourceTables, names: RouteNames) => Table<References> {
  const check = engine.derive<[RouteResource], [RouteNames], References>(
    `references of ${kind}`,
    (_key, [route], { listeners, owners, hosts, grants, ...inMesh }) => {
      if (route === undefined) return undefined;
      const head = routeHead(kind, route);
      const parents: ParentNames = { listeners, owners, inMesh };
      const backends: BackendNames = { hosts, grants };
      return warnings([
        ...checkRouteParents(head, parents),
        ...checkRouteBackends(head, route.spec.rules ?? [], backends),
      ]);
    },
    isDeepStrictEqual,
  );
  return (tables, names) => check([tables[kind]], names);
}

/** The names of what has listeners, whoever serves it. */
function createOwnerNames(engine: Engine): (tables: ResourceTables) => ParentNames["owners"] {
  const gateways = createNames<"KubernetesGateway">(engine, "known Gateways of the Gateway API");
  const sets = createNames<"ListenerSet">(engine, "known ListenerSets");
  const experimental = createNames<"XListenerSet">(engine, "known XListenerSets");
  const settle = engine.settle<ParentNames["owners"]>(
    (a, b) =>
      a.KubernetesGateway === b.KubernetesGateway &&
      a.ListenerSet === b.ListenerSet &&
      a.XListenerSet === b.XListenerSet,
  );
  return ({ KubernetesGateway, ListenerSet, XListenerSet }) =>
    settle({
      KubernetesGateway: gateways([KubernetesGateway]),
      ListenerSet: sets([ListenerSet]),
      XListenerSet: experimental([XListenerSet]),
    });
}

function createListenerSetChecks(
  engine: Engine,
): (
  tables: ResourceTables,
  parents: Listeners["parents"],
) => Readonly<Record<"ListenerSet" | "XListenerSet", readonly Table<References>[]>> {
  const secrets = createNames<"Secret">(engine, "known secrets of ListenerSets");
  const settle = engine.settle<ListenerSetNames>(
    (a, b) =>
      a.gateways === b.gateways &&
      a.parents === b.parents &&
      a.secrets === b.secrets &&
      a.grants === b.grants,
  );
  const check = (kind: string) =>
    engine.derive<[ListenerSetResource], [ListenerSetNames], References>(
      `references of ${kind}`,
      (_key, [set], known) => set && warnings(checkListenerSet(set, known)),
      isDeepStrictEqual,
    );
  const sets = check("ListenerSet");
  const experimental = check("XListenerSet");
  return (tables, parents) => {
    const known = settle({
      gateways: tables.KubernetesGateway,
      parents,
      secrets: secrets([tables.Secret]),
      grants: tables.ReferenceGrant,
    });
    return {
      ListenerSet: [sets([tables.ListenerSet], known)],
      XListenerSet: [experimental([tables.XListenerSet], known)],
    };
  };
}

function createPolicyCheck(
  engine: Engine,
): (tables: ResourceTables, inMesh: Pick<MeshParents, "Service">) => Table<References> {
  const configMaps = createNames<"ConfigMap">(engine, "known config maps of backend policies");
  const check = engine.derive<
    [ResourceOf<"BackendTLSPolicy">],
    [MeshParents["Service"], Table<true>],
    References
  >(
    "references of BackendTLSPolicy",
    (_key, [policy], services, known) =>
      policy && warnings(checkBackendPolicy(policy, services, known)),
    isDeepStrictEqual,
  );
  return (tables, { Service }) =>
    check([tables.BackendTLSPolicy], Service, configMaps([tables.ConfigMap]));
}

function createGatewayCheck(
  engine: Engine,
): (tables: ResourceTables, listeners: Listeners["byGateway"], known: Known) => Table<References> {
  const secrets = createNames<"Secret">(engine, "known secrets of Gateways");
  const settle = engine.settle<GatewayNames>(
    (a, b) =>
      a.classes === b.classes &&
      a.secrets === b.secrets &&
      a.grants === b.grants &&
      a.hosts === b.hosts &&
      a.workloads === b.workloads,
  );
  const check = engine.derive<
    [ResourceOf<"KubernetesGateway">, readonly Listener[]],
    [GatewayNames],
    References
  >(
    "references of KubernetesGateway",
    (_key, [gateway, listeners], known) =>
      gateway && warnings(checkKubernetesGateway(gateway, listeners, known)),
    isDeepStrictEqual,
  );
  return (tables, listeners, { hosts, workloads }) =>
    check(
      [tables.KubernetesGateway, listeners],
      settle({
        classes: tables.GatewayClass,
        secrets: secrets([tables.Secret]),
        grants: tables.ReferenceGrant,
        hosts,
        workloads,
      }),
    );
}
