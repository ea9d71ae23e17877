/** A listener of a Gateway, as routes are attached to it. */
import { memberOf } from "../../base/member-of.js";
import type { AllowedRoutes, GatewayListener } from "../kinds/gateway-api/gateway.js";
import type { ListenerTls } from "../kinds/gateway-api/gateway-tls.js";
import { GATEWAY_API_GROUP } from "../kinds/gateway-api/names.js";
import type { ListenerOwnerKind } from "../kinds/gateway-api/parents.js";
import { labelsOfNamespace, NAMESPACE_NAME_LABEL } from "../kinds/kubernetes/namespace.js";
import { selectsLabels } from "../kinds/value/label-selector.js";
import { keyOf } from "../resource.js";
import type { RouteKind } from "./routes.js";

/** The resource that has a listener. */
export interface ListenerOwner {
  readonly kind: ListenerOwnerKind;
  readonly namespace: string;
  readonly name: string;
}

/** A listener of a Gateway. */
export interface Listener {
  /** `namespace/name` of the Gateway. */
  readonly gateway: string;
  /** The Gateway itself, or the set that adds the listener to it. */
  readonly owner: ListenerOwner;
  /** When the owner was made. */
  readonly creationTimestamp: string | undefined;
  /** Its number among the owner's. */
  readonly index: number;
  readonly name: string;
  readonly port: number;
  readonly protocol: string;
  /** `*` for any. */
  readonly hostname: string;
  readonly tls?: ListenerTls;
  readonly kinds: readonly RouteKind[];
  /** What it says of these. */
  readonly namedKinds: readonly { readonly group: string; readonly kind: string }[];
  /** The namespaces whose routes it takes. */
  readonly namespaces: readonly string[] | "all";
  /** Why it cannot be beside those before it, by which of its fields: then it is not served. */
  readonly conflict?: { readonly field: "protocol" | "hostname" | "port"; readonly reason: string };
}

/** The protocols of listeners that are served. */
export const SERVED_PROTOCOLS: readonly string[] = ["HTTP", "HTTPS", "TLS", "TCP"];

/** The labels of the namespaces that files declare, by name. */
export type NamespaceLabels = ReadonlyMap<string, Readonly<Record<string, string>>>;

/** Where a listener is. */
export interface ListenerPlace {
  /** `namespace/name` of the Gateway. */
  readonly key: string;
  readonly owner: ListenerOwner;
  readonly creationTimestamp: string | undefined;
  readonly index: number;
  readonly namespaces: NamespaceLabels;
}

/** A listener of a file, as routes see it. */
export function listenerOf(listener: GatewayListener, place: ListenerPlace): Listener {
  const { name, port, protocol, hostname = "*", tls, allowedRoutes = {} } = listener;
  return {
    gateway: place.key,
    owner: place.owner,
    creationTimestamp: place.creationTimestamp,
    index: place.index,
    name,
    port,
    protocol,
    hostname,
    ...(tls === undefined ? {} : { tls }),
    kinds: kindsOf(listener),
    namedKinds: namedKinds(allowedRoutes),
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
  const possible = protocol === "TLS" ? ofTls : (memberOf(KINDS_OF, protocol) ?? []);
  const named = namedKinds(allowedRoutes ?? {});
  if (named.length === 0) return possible;
  return possible.filter((one) =>
    named.some(({ group, kind }) => group === GATEWAY_API_GROUP && kind === one),
  );
}

const namedKinds = ({ kinds = [] }: AllowedRoutes): Listener["namedKinds"] =>
  kinds.map(({ group = GATEWAY_API_GROUP, kind }) => ({ group, kind }));

function namespacesOf(
  { namespaces: { from = "Same", selector = {} } = {} }: AllowedRoutes,
  { owner: { namespace }, namespaces }: ListenerPlace,
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

/** What owners of listeners are called in the names of the Gateways that stand for these: they may have the same names. */
const OWNERS: Readonly<Record<ListenerOwnerKind, string>> = {
  KubernetesGateway: "gateway",
  ListenerSet: "listenerset",
  XListenerSet: "xlistenerset",
};

/** How a Gateway of Istio's that stands for a listener is named. See Istio, kube.InternalGatewayName. */
export function gatewayNameOf({ owner, name }: Pick<Listener, "owner" | "name">): string {
  return `${owner.name}-istio-autogenerated-k8s-${OWNERS[owner.kind]}-${name}`;
}

/** The key of the Gateway of Istio's that stands for a listener. */
export function gatewayKeyOf(listener: Pick<Listener, "owner" | "name">): string {
  return keyOf({ namespace: listener.owner.namespace, name: gatewayNameOf(listener) });
}
