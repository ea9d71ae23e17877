/** What listeners of Gateways take and serve. See Listener, "Distinct Listeners", AllowedRoutes and ListenerTLSConfig. */
import { covers } from "../routing/hosts.js";
import {
  type AllowedNamespaces,
  byAge,
  type CertificateRef,
  type Gateway,
  type Listener,
  type ListenerSet,
  type Protocol,
  type RouteKind,
  selects,
  type World,
} from "./objects.js";

/** A listener at a Gateway. */
export interface PlacedListener extends Listener {
  readonly gateway: Gateway;
  /** Who has it: the Gateway, or a set that adds it. */
  readonly owner: {
    readonly kind: "Gateway" | "ListenerSet";
    readonly name: string;
    readonly namespace: string;
  };
}

const GROUP = "gateway.networking.k8s.io";

const KINDS: Readonly<Record<Protocol, readonly RouteKind[]>> = {
  HTTP: ["HTTPRoute", "GRPCRoute"],
  HTTPS: ["HTTPRoute", "GRPCRoute"],
  // Of connections that end here the bytes may also go on by a TCPRoute, as in Istio.
  TLS: ["TLSRoute", "TCPRoute"],
  TCP: ["TCPRoute"],
};

/** `*` for any. */
export const hostOfListener = ({ hostname = "*" }: Listener): string => hostname;

const isEncrypted = ({ protocol }: Listener): boolean => protocol === "HTTPS" || protocol === "TLS";

const passesThrough = ({ tls }: Listener): boolean => tls?.mode === "Passthrough";

/** The kinds of routes that a listener takes: of those that its protocol can have the ones that it names, if any. */
function kindsOf(listener: Listener): readonly RouteKind[] {
  const possible = KINDS[listener.protocol].filter(
    (kind) => !(passesThrough(listener) && kind === "TCPRoute"),
  );
  const { kinds = [] } = listener.allowedRoutes ?? {};
  if (kinds.length === 0) return possible;
  return possible.filter((one) =>
    kinds.some(({ group = GROUP, kind }) => group === GROUP && kind === one),
  );
}

/** Whether a namespace is one of those that are allowed, seen from the namespace of who allows them. */
function allows(
  world: World,
  { from, selector }: AllowedNamespaces,
  own: string,
  namespace: string,
): boolean {
  if (from === "All") return true;
  if (from === "Same") return namespace === own;
  if (from !== "Selector") return false;
  const found = world.namespaces.find((one) => one.metadata.name === namespace);
  // Kubernetes gives each namespace a label with its name.
  const labels = { ...found?.metadata.labels, "kubernetes.io/metadata.name": namespace };
  return selects(selector?.matchLabels ?? {}, labels);
}

/** Whether a Gateway takes the listeners of a set: those of no namespace when it does not say. */
export function takesSet(world: World, gateway: Gateway, set: ListenerSet): boolean {
  const { namespaces = {} } = gateway.spec.allowedListeners ?? {};
  return allows(world, namespaces, gateway.metadata.namespace, set.metadata.namespace);
}

const KNOWN = new WeakMap<Gateway, readonly PlacedListener[]>();

/** All listeners at a Gateway, in the order of precedence: its own, then those of the older set, then by namespace and name. */
export function listenersAt(world: World, gateway: Gateway): readonly PlacedListener[] {
  const known = KNOWN.get(gateway);
  if (known !== undefined) return known;
  const { name, namespace } = gateway.metadata;
  const sets = world.listenerSets
    .filter(
      ({ spec: { parentRef } }) => parentRef.name === name && parentRef.namespace === namespace,
    )
    .filter((set) => takesSet(world, gateway, set))
    .sort(byAge);
  const placed = [
    ...gateway.spec.listeners.map((one) => ({
      ...one,
      gateway,
      owner: ownerOf("Gateway", gateway),
    })),
    ...sets.flatMap((set) =>
      set.spec.listeners.map((one) => ({ ...one, gateway, owner: ownerOf("ListenerSet", set) })),
    ),
  ];
  KNOWN.set(gateway, placed);
  return placed;
}

const ownerOf = (
  kind: PlacedListener["owner"]["kind"],
  { metadata: { name, namespace } }: Gateway | ListenerSet,
): PlacedListener["owner"] => ({ kind, name, namespace });

/** Whether a listener takes routes of a kind and namespace: of its own when it does not say. */
export function takes(
  world: World,
  listener: PlacedListener,
  route: { readonly kind: RouteKind; readonly namespace: string },
): boolean {
  const { from = "Same", ...selected } = listener.allowedRoutes?.namespaces ?? {};
  return (
    !isConflicted(world, listener) &&
    kindsOf(listener).includes(route.kind) &&
    allows(world, { from, ...selected }, listener.owner.namespace, route.namespace)
  );
}

/** Protocols that can be told apart on one port: what is said first tells the server name. */
const family = ({ protocol }: Listener): string => (protocol === "HTTPS" ? "TLS" : protocol);

/** Listeners that are not distinct "MUST" be told: the first of them is served. */
export function isConflicted(world: World, listener: PlacedListener): boolean {
  const all = listenersAt(world, listener.gateway);
  return all
    .slice(0, all.indexOf(listener))
    .filter((one) => one.port === listener.port && !isConflicted(world, one))
    .some(
      (one) => family(one) !== family(listener) || hostOfListener(one) === hostOfListener(listener),
    );
}

/** Whether who has a listener may show a certificate: one of its namespace, or one that was granted to its kind there. */
function mayShow(
  world: World,
  { kind, namespace: own }: PlacedListener["owner"],
  { name, namespace = own }: CertificateRef,
): boolean {
  if (namespace === own) return true;
  return world.referenceGrants.some(
    (grant) =>
      grant.metadata.namespace === namespace &&
      grant.spec.from.some(
        (from) => from.group === GROUP && from.kind === kind && from.namespace === own,
      ) &&
      grant.spec.to.some(
        (to) => to.group === "" && to.kind === "Secret" && (to.name ?? name) === name,
      ),
  );
}

const certificatesOf = ({ tls }: Listener): readonly CertificateRef[] => tls?.certificateRefs ?? [];

/** Whether a listener is served: it is in no conflict, and has a certificate that it may show. */
export function isServed(world: World, listener: PlacedListener): boolean {
  if (isConflicted(world, listener)) return false;
  if (!isEncrypted(listener) || passesThrough(listener)) return true;
  return certificatesOf(listener).some((one) => mayShow(world, listener.owner, one));
}

/** Whether something is amiss with a listener, of which who has it is told. */
export function isFaulty(world: World, listener: PlacedListener): boolean {
  const named = listener.allowedRoutes?.kinds ?? [];
  const possible = kindsOf(listener);
  return (
    !isServed(world, listener) ||
    certificatesOf(listener).some((one) => !mayShow(world, listener.owner, one)) ||
    named.some(({ kind }) => possible.every((one) => one !== kind))
  );
}

/** Of the listeners whose hosts cover a name the one whose host is the closest. */
export function closestListener(
  listeners: readonly PlacedListener[],
  name: string,
): PlacedListener | undefined {
  return listeners
    .filter((one) => covers(hostOfListener(one), name))
    .sort((a, b) => closeness(hostOfListener(b)) - closeness(hostOfListener(a)))[0];
}

/** A host without a wildcard before all others, then the longer. */
export const closeness = (host: string): number =>
  host.startsWith("*") ? host.length : 1000 + host.length;
