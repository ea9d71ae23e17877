/** The listeners of the Gateway API's Gateways, as routes are attached to them. See Istio, GatewayCollection. */
import { isDeepStrictEqual } from "node:util";
import type { Engine } from "../../base/engine.js";
import type { Table } from "../../base/table.js";
import type { AllowedRoutes, GatewayListener } from "../kinds/gateway-api/gateway.js";
import { GATEWAY_API_GROUP } from "../kinds/gateway-api/names.js";
import { selectsLabels } from "../kinds/label-selector.js";
import { labelsOfNamespace, NAMESPACE_NAME_LABEL } from "../kinds/namespace.js";
import type { ResourceOf } from "../kinds.js";
import { keyOf } from "../resource.js";
import type { ResourceTables } from "../snapshot.js";
import { meaningOfClass } from "./gateway-classes.js";
import type { RouteKind } from "./routes.js";

type KubernetesGateway = ResourceOf<"KubernetesGateway">;

/** A listener of a Gateway. */
export interface Listener {
  /** `namespace/name` of the Gateway. */
  readonly gateway: string;
  /** Its number among the Gateway's. */
  readonly index: number;
  readonly name: string;
  readonly port: number;
  readonly protocol: string;
  /** `*` for any. */
  readonly hostname: string;
  readonly kinds: readonly RouteKind[];
  /** The namespaces whose routes it takes. */
  readonly namespaces: readonly string[] | "all";
}

/** The labels of the namespaces that files declare, by name. */
export type NamespaceLabels = ReadonlyMap<string, Readonly<Record<string, string>>>;

/** Finds the listeners of the Gateways that are served, by `namespace/name`. */
export function createListeners(
  engine: Engine,
): (
  tables: Pick<ResourceTables, "KubernetesGateway" | "GatewayClass" | "Namespace">,
) => Table<readonly Listener[]> {
  const labels = engine.derive<[ResourceOf<"Namespace">], [], Readonly<Record<string, string>>>(
    "labels of namespaces",
    (_key, [namespace]) => namespace?.metadata.labels,
    isDeepStrictEqual,
  );
  const byName = engine.memo(
    "namespaces by their labels",
    (table: Table<Readonly<Record<string, string>>>): NamespaceLabels =>
      new Map([...table].map(([key, value]) => [key.slice(1), value])),
  );
  const listeners = engine.derive<
    [KubernetesGateway],
    [ResourceTables["GatewayClass"], NamespaceLabels],
    readonly Listener[]
  >(
    "listeners of Gateways",
    (key, [gateway], classes, namespaces) =>
      gateway !== undefined && meaningOfClass(gateway.spec.gatewayClassName, classes) === "served"
        ? gateway.spec.listeners.map((one, index) =>
            listenerOf(one, { key, index, namespace: gateway.metadata.namespace, namespaces }),
          )
        : undefined,
    isDeepStrictEqual,
  );
  return ({ KubernetesGateway, GatewayClass, Namespace }) =>
    listeners([KubernetesGateway], GatewayClass, byName(labels([Namespace])));
}

interface ListenerPlace {
  readonly key: string;
  readonly index: number;
  readonly namespace: string;
  readonly namespaces: NamespaceLabels;
}

function listenerOf(listener: GatewayListener, place: ListenerPlace): Listener {
  const { name, port, protocol, hostname = "*", allowedRoutes = {} } = listener;
  return {
    gateway: place.key,
    index: place.index,
    name,
    port,
    protocol,
    hostname,
    kinds: kindsOf(listener),
    namespaces: namespacesOf(allowedRoutes, place),
  };
}

const KINDS_OF: Readonly<Partial<Record<string, readonly RouteKind[]>>> = {
  HTTP: ["HTTPRoute", "GRPCRoute"],
  HTTPS: ["HTTPRoute", "GRPCRoute"],
  TCP: ["TCPRoute"],
};

/** The kinds of routes that a listener takes: those of its protocol, of which it may name some. */
function kindsOf({ protocol, tls, allowedRoutes }: GatewayListener): readonly RouteKind[] {
  const ofTls: readonly RouteKind[] =
    tls?.mode === "Passthrough" ? ["TLSRoute"] : ["TLSRoute", "TCPRoute"];
  const possible = protocol === "TLS" ? ofTls : (KINDS_OF[protocol] ?? []);
  const named = allowedRoutes?.kinds ?? [];
  if (named.length === 0) return possible;
  return possible.filter((one) =>
    named.some(
      ({ group = GATEWAY_API_GROUP, kind }) => group === GATEWAY_API_GROUP && kind === one,
    ),
  );
}

function namespacesOf(
  { namespaces: { from = "Same", selector = {} } = {} }: AllowedRoutes,
  { namespace, namespaces }: ListenerPlace,
): Listener["namespaces"] {
  if (from === "All") return "all";
  if (from === "Same") return [namespace];
  if (from === "None") return [];
  // A namespace that no file declares has its name alone: who selects by it may mean such a one.
  const named = (selector.matchExpressions ?? [])
    .filter(({ key }) => key === NAMESPACE_NAME_LABEL)
    .flatMap(({ values = [] }) => values);
  const matched = selector.matchLabels?.[NAMESPACE_NAME_LABEL];
  const names = [
    ...namespaces.keys(),
    ...named,
    ...(matched === undefined ? [] : [matched]),
    namespace,
  ];
  return [...new Set(names)]
    .filter((name) => selectsLabels(selector, labelsOfNamespace(name, namespaces.get(name))))
    .sort();
}

/** How a Gateway of Istio's that stands for a listener is named. See Istio, kube.InternalGatewayName. */
export function gatewayNameOf(gatewayName: string, listenerName: string): string {
  return `${gatewayName}-istio-autogenerated-k8s-gateway-${listenerName}`;
}

/** The key of the Gateway of Istio's that stands for a listener. */
export function gatewayKeyOf({ gateway, name }: Pick<Listener, "gateway" | "name">): string {
  const [namespace = "", own = ""] = gateway.split("/");
  return keyOf({ namespace, name: gatewayNameOf(own, name) });
}
